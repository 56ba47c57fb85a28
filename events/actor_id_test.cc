#include "lookout/events/actor_id.h"

#include <cstddef>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

// Lengths around what is held in place: a container's ID, and what is on the heap.
constexpr std::size_t kLengths[] = {0, 1, 63, 64, 65, 1000};

std::string Text(std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text.push_back(static_cast<char>(i));  // a NUL among them
  return text;
}

TEST(ActorIdTest, IsTheTextItWasMadeOf) {
  for (const std::size_t length : kLengths) {
    const std::string text = Text(length);
    const ActorId id = text;
    EXPECT_EQ(id.view(), text);
    EXPECT_EQ(id.size(), length);
    EXPECT_EQ(id.empty(), length == 0);
  }
}

TEST(ActorIdTest, CopiesAreEqualAndTheirOwn) {
  for (const std::size_t length : kLengths) {
    ActorId id = Text(length);
    const ActorId copy = id;
    EXPECT_EQ(copy, id);
    id = "another";
    EXPECT_EQ(copy, Text(length));
    EXPECT_NE(copy, id);
  }
}

TEST(ActorIdTest, AnyLengthMayTakeThePlaceOfAnyOther) {
  for (const std::size_t from : kLengths) {
    for (const std::size_t to : kLengths) {
      ActorId moved = Text(from), copied = Text(from);
      ActorId source = Text(to);
      copied = source;
      moved = std::move(source);
      EXPECT_EQ(moved, Text(to)) << from;
      EXPECT_EQ(copied, Text(to)) << from;
      source = "made anew";
      EXPECT_EQ(source, "made anew");
      EXPECT_EQ(moved, Text(to));
    }
  }
}

TEST(ActorIdTest, IsAStringWhereOneIsAskedFor) {
  const ActorId id = "4f66";
  const absl::flat_hash_map<std::string, int> known = {{"4f66", 1}};
  EXPECT_TRUE(known.contains(id));
  EXPECT_EQ(absl::StrCat("container ", id), "container 4f66");
  EXPECT_EQ(std::string(id), "4f66");
  EXPECT_EQ(id, absl::string_view("4f66"));
  std::map<std::string, int> counts;
  ++counts[id];
  EXPECT_EQ(counts.count("4f66"), 1u);
  std::ostringstream out;
  out << id;
  EXPECT_EQ(out.str(), "4f66");
}

// It would be a view of a temporary ID wherever it is taken for an absl::string_view.
template <typename A, typename B>
concept HaveACommonType = requires(A a, B b) { true ? a : b; };
static_assert(!HaveACommonType<std::string&, ActorId&>);
static_assert(!HaveACommonType<absl::string_view&, ActorId&>);

}  // namespace
}  // namespace lookout
