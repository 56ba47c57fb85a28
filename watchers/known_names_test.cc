#include "lookout/watchers/known_names.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"

namespace lookout::watchers_internal {
namespace {

Event Directory(Event event) { return EventBuilder(std::move(event)).Attribute(kKind, "directory").Build(); }
Event Renamed(absl::string_view from, absl::string_view to) {
  return EventBuilder(FileEvent(Action::kFileRenamed, to)).Attribute(kRenamedFrom, std::string(from)).Build();
}

TEST(KnownNamesTest, KnowsWhatWasTold) {
  KnownNames names(100);
  EXPECT_EQ(names.Find("f"), Place::kUnknown);
  names.Fold(FileEvent(Action::kFileWritten, "f"));
  names.Fold(Directory(FileEvent(Action::kFileCreated, "d")));
  EXPECT_EQ(names.Find("f"), Place::kFile);
  EXPECT_EQ(names.Find("d"), Place::kDirectory);
  EXPECT_EQ(names.Find("d/x"), Place::kUnknown);
  names.Fold(FileEvent(Action::kFileDeleted, "f"));
  EXPECT_EQ(names.Find("f"), Place::kNothing);
  names.Fold(ContainerEvent(Action::kContainerStart, "f"));
  EXPECT_EQ(names.Find("f"), Place::kNothing);
  names.Clear();
  EXPECT_EQ(names.Find("f"), Place::kUnknown);
}

TEST(KnownNamesTest, WhatIsBelowGoesWithItsDirectory) {
  KnownNames names(100);
  names.Fold(FileEvent(Action::kFileWritten, "d/f"));
  names.Fold(FileEvent(Action::kFileWritten, "d.f"));
  names.Fold(Directory(Renamed("d", "e")));
  EXPECT_EQ(names.Find("e"), Place::kDirectory);
  EXPECT_EQ(names.Find("e/f"), Place::kFile);
  EXPECT_EQ(names.Find("d"), Place::kNothing);
  EXPECT_EQ(names.Find("d/f"), Place::kNothing);
  EXPECT_EQ(names.Find("d.f"), Place::kFile) << "is not below d";
  names.Fold(Directory(FileEvent(Action::kFileDeleted, "e")));
  EXPECT_EQ(names.Find("e/f"), Place::kNothing);
  names.Fold(Directory(FileEvent(Action::kFileCreated, "e")));
  EXPECT_EQ(names.Find("e/f"), Place::kUnknown) << "of what is made again nothing is known";
}

TEST(KnownNamesTest, ForgetsRatherThanGrow) {
  KnownNames names(3);
  for (int i = 1; i <= 3; ++i) names.Fold(FileEvent(Action::kFileWritten, absl::StrCat(i)));
  EXPECT_EQ(names.Find("1"), Place::kFile);
  names.Fold(FileEvent(Action::kFileWritten, "4"));
  EXPECT_EQ(names.Find("1"), Place::kUnknown);
  EXPECT_EQ(names.Find("4"), Place::kFile);
}

TEST(KnownNamesTest, Paths) {
  EXPECT_EQ(Parent("a/b/c"), "a/b");
  EXPECT_EQ(Parent("/a"), "/");
  EXPECT_EQ(Parent("a"), ".");
  EXPECT_EQ(Parent("/"), "");
  EXPECT_EQ(Parent("."), "");
  EXPECT_TRUE(IsBelow("a/b", "a"));
  EXPECT_TRUE(IsBelow("/a", "/"));
  EXPECT_TRUE(IsBelow("a/b", "."));
  EXPECT_FALSE(IsBelow("/a", "."));
  EXPECT_FALSE(IsBelow("ab", "a"));
  EXPECT_FALSE(IsBelow("a", "a"));
}

}  // namespace
}  // namespace lookout::watchers_internal
