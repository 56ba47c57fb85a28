#include "lookout/events/attributes.h"

#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;
using ::testing::Pair;

TEST(AttributesTest, AreKeptInOrderOfTheKeys) {
  EXPECT_THAT((Attributes{{"b", "2"}, {"c", "3"}, {"a", "1"}}),
              ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "3")));
}

TEST(AttributesTest, OfEqualKeysTheLastWins) {
  EXPECT_THAT((Attributes{{"k", "1"}, {"a", "x"}, {"k", "2"}, {"k", "3"}, {"a", "y"}}),
              ElementsAre(Pair("a", "y"), Pair("k", "3")));
}

TEST(AttributesTest, AreEqualWhateverTheOrderOfInsertion) {
  Attributes set;
  set.Set("b", "2");
  set.Set("a", "1");
  EXPECT_EQ(set, (Attributes{{"a", "1"}, {"b", "2"}}));
  EXPECT_NE(set, (Attributes{{"a", "1"}}));
  EXPECT_NE(set, (Attributes{{"a", "1"}, {"b", "3"}}));
}

TEST(AttributesTest, FindTellsAbsentFromEmpty) {
  const Attributes attributes{{"empty", ""}, {"full", "x"}};
  EXPECT_THAT(attributes.Find("full"), Optional(Eq("x")));
  EXPECT_THAT(attributes.Find("empty"), Optional(Eq("")));
  EXPECT_THAT(attributes.Find("absent"), Eq(std::nullopt));
  EXPECT_THAT(attributes.Find(""), Eq(std::nullopt));
  EXPECT_THAT(attributes.Find("zzz"), Eq(std::nullopt));
  EXPECT_EQ(attributes.Get("full"), "x");
  EXPECT_EQ(attributes.Get("absent"), "");
  EXPECT_TRUE(attributes.Contains("empty"));
  EXPECT_FALSE(attributes.Contains("absent"));
}

TEST(AttributesTest, SetInsertsOrReplaces) {
  Attributes attributes;
  EXPECT_TRUE(attributes.empty());
  attributes.Set("k", "1");
  attributes.Set("a", "0");
  attributes.Set("k", "2");
  EXPECT_THAT(attributes, ElementsAre(Pair("a", "0"), Pair("k", "2")));
  EXPECT_EQ(attributes.size(), 2u);
}

TEST(AttributesTest, SetTakesWhatItHoldsItself) {
  Attributes attributes{{"a", "long enough to be somewhere"}, {"b", "2"}};
  attributes.Set("b", attributes.Get("a"));
  attributes.Set("c", attributes.Get("b"));
  EXPECT_THAT(attributes,
              ElementsAre(Pair("a", "long enough to be somewhere"), Pair("b", "long enough to be somewhere"),
                          Pair("c", "long enough to be somewhere")));
}

TEST(AttributesTest, HoldAnyBytes) {
  const std::string nul("\0\xFF", 2);
  const Attributes attributes{{nul, nul}, {"", ""}, {nul.substr(0, 1), ""}};
  EXPECT_THAT(attributes, ElementsAre(Pair("", ""), Pair(nul.substr(0, 1), ""), Pair(nul, nul)));
  EXPECT_EQ(attributes.Get(nul), nul);
}

TEST(AttributesTest, ACopyIsItsOwn) {
  Attributes original{{"a", "1"}};
  const Attributes copy = original;
  Attributes assigned{{"z", "9"}};
  assigned = original;
  original.Set("a", "2");
  EXPECT_EQ(copy.Get("a"), "1");
  EXPECT_EQ(assigned, copy);
  assigned = Attributes();
  EXPECT_EQ(assigned, Attributes());
}

TEST(AttributesTest, AreEmptyOnceMovedFrom) {
  Attributes from{{"a", "1"}};
  const Attributes to = std::move(from);
  EXPECT_EQ(to.Get("a"), "1");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): it says so
}

// The same text, cut differently.
TEST(AttributesTest, DifferWhereKeyAndValueMeetElsewhere) {
  EXPECT_NE((Attributes{{"ab", "c"}}), (Attributes{{"a", "bc"}}));
}

TEST(AttributesTest, EraseSaysWhetherTheKeyWasThere) {
  Attributes attributes{{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(attributes.Erase("a"));
  EXPECT_FALSE(attributes.Erase("a"));
  EXPECT_FALSE(attributes.Erase("c"));
  EXPECT_THAT(attributes, ElementsAre(Pair("b", "2")));
}

}  // namespace
}  // namespace lookout
