#include "lookout/events/attributes.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::IsNull;
using ::testing::Pair;
using ::testing::Pointee;

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
  EXPECT_THAT(attributes.Find("full"), Pointee(std::string("x")));
  EXPECT_THAT(attributes.Find("empty"), Pointee(std::string()));
  EXPECT_THAT(attributes.Find("absent"), IsNull());
  EXPECT_THAT(attributes.Find(""), IsNull());
  EXPECT_THAT(attributes.Find("zzz"), IsNull());
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

TEST(AttributesTest, EraseSaysWhetherTheKeyWasThere) {
  Attributes attributes{{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(attributes.Erase("a"));
  EXPECT_FALSE(attributes.Erase("a"));
  EXPECT_FALSE(attributes.Erase("c"));
  EXPECT_THAT(attributes, ElementsAre(Pair("b", "2")));
}

}  // namespace
}  // namespace lookout
