#include "lookout/adapters/docker/container_list.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ContainerList Parse(absl::string_view json) {
  absl::StatusOr<ContainerList> list = ParseContainerList(json);
  EXPECT_TRUE(list.ok()) << list.status() << " of " << json;
  return list.ok() ? *std::move(list) : ContainerList();
}

// The only container of a list.
ListedContainer ParseOne(absl::string_view element) {
  const ContainerList list = Parse(absl::StrCat("[", element, "]"));
  EXPECT_THAT(list.containers, SizeIs(1)) << element;
  EXPECT_TRUE(list.whole()) << list.first_unreadable;
  return list.containers.empty() ? ListedContainer() : list.containers.front();
}

TEST(ContainerListTest, ReadsWhatDockerAnswers) {
  EXPECT_EQ(
      ParseOne(
          R"({"Id":"8dfa","Names":["/web"],"Image":"nginx:1.27","ImageID":"sha256:aa","Command":"sleep 1",)"
          R"("Created":1795454963,"Ports":[{"PrivatePort":80,"Type":"tcp"}],"Labels":{"tier":"web","empty":""},)"
          R"("State":"running","Status":"Up 3 seconds","HostConfig":{"NetworkMode":"bridge"},)"
          R"("NetworkSettings":{"Networks":{"bridge":{"IPAMConfig":null,"Links":null}}},"Mounts":[]})"),
      (ListedContainer{.id = "8dfa",
                       .name = "web",
                       .image = "nginx:1.27",
                       .labels = {{"tier", "web"}, {"empty", ""}},
                       .phase = Phase::kRunning}));
}

TEST(ContainerListTest, AnEmptyListIsOne) {
  EXPECT_THAT(Parse("[]").containers, IsEmpty());
  EXPECT_THAT(Parse(" [ ]\n").containers, IsEmpty());
  EXPECT_TRUE(Parse("[]").whole());
}

TEST(ContainerListTest, EachWordForAStateHasItsPhase) {
  const std::pair<absl::string_view, Phase> table[] = {
      {"created", Phase::kCreated},   {"initialized", Phase::kCreated}, {"configured", Phase::kCreated},
      {"running", Phase::kRunning},   {"stopping", Phase::kRunning},    {"paused", Phase::kPaused},
      {"exited", Phase::kExited},     {"restarting", Phase::kExited},   {"stopped", Phase::kExited},
      {"removing", Phase::kRemoving}, {"dead", Phase::kRemoving},       {"unknown", Phase::kUnknown},
      {"bad state", Phase::kUnknown}, {"Running", Phase::kUnknown},     {"", Phase::kUnknown},
  };
  for (const auto& [word, phase] : table) {
    EXPECT_EQ(PhaseName(ParseOne(absl::StrCat(R"({"Id":"a","State":")", word, R"("})")).phase),
              PhaseName(phase))
        << word;
  }
}

TEST(ContainerListTest, TheOwnNameIsTakenAndNotALinks) {
  const std::pair<absl::string_view, absl::string_view> table[] = {
      {R"(["/web"])", "web"},
      {R"(["web"])", "web"},
      {R"(["/db/alias","/web"])", "web"},
      {R"(["/web","/db/alias"])", "web"},
      {R"(["/db/alias"])", "id"},
      {R"([])", "id"},
      {R"(null)", "id"},
      {R"("/web")", "id"},
      {R"([null,7,"/","/web"])", "web"},
  };
  for (const auto& [names, name] : table) {
    EXPECT_EQ(ParseOne(absl::StrCat(R"({"Id":"id","Names":)", names, "}")).name, name) << names;
  }
}

TEST(ContainerListTest, FieldsOfTheWrongKindCostNothingButThemselves) {
  EXPECT_EQ(ParseOne(R"({"Id":"a","Names":{},"Image":7,"Labels":[],"State":null})"),
            (ListedContainer{.id = "a", .name = "a"}));
  EXPECT_EQ(ParseOne(R"({"Id":"a","Labels":{"n":7,"o":{"x":[]},"null":null,"s":"t"}})").labels,
            (Attributes{{"n", "7"}, {"o", R"({"x":[]})"}, {"s", "t"}}));
}

TEST(ContainerListTest, LabelsOfEveryKindOfText) {
  const ListedContainer container = ParseOne(
      "{\"Id\":\"a\",\"Labels\":{\"lt\":\"\\u003ca\\u0026b\\u003e\",\"lines\":\"1\\n2\",\"uni\":"
      "\"h\xc3\xa9llo\",\"bad\":\"\xff\",\"lone\":\"\\ud800\"}}");
  EXPECT_EQ(container.labels.Get("lt"), "<a&b>");
  EXPECT_EQ(container.labels.Get("lines"), "1\n2");
  EXPECT_EQ(container.labels.Get("uni"), "h\xc3\xa9llo");
  EXPECT_EQ(container.labels.Get("bad"), "\xff");
  EXPECT_TRUE(container.labels.Contains("lone"));
}

TEST(ContainerListTest, WhatCannotBeReadIsCountedAndCostsNoOther) {
  const ContainerList list =
      Parse(R"([{"Id":"a"},null,{"Names":["/x"]},{"Id":""},{"Id":7},[],"b",{"Id":"c"}])");
  ASSERT_THAT(list.containers, SizeIs(2));
  EXPECT_EQ(list.containers[0].id, "a");
  EXPECT_EQ(list.containers[1].id, "c");
  EXPECT_EQ(list.unreadable, 6u);
  EXPECT_FALSE(list.whole());
  EXPECT_THAT(std::string(list.first_unreadable.message()), HasSubstr("not an object"));
}

TEST(ContainerListTest, AnIdThatComesTwiceIsOneContainer) {
  const ContainerList list =
      Parse(R"([{"Id":"a","State":"created"},{"Id":"b"},{"Id":"a","State":"running"}])");
  ASSERT_THAT(list.containers, SizeIs(2));
  EXPECT_EQ(list.containers[0].id, "a");
  EXPECT_EQ(list.containers[0].phase, Phase::kRunning);
}

TEST(ContainerListTest, WhatIsNoListIsRefused) {
  for (absl::string_view text : {"", "{}", "null", "[", R"([{"Id":"a"})", R"({"message":"no"})",
                                 "<html>Forbidden</html>", "[] []", R"([{"Id":"a"}] x)"}) {
    EXPECT_EQ(ParseContainerList(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ContainerListTest, ALongerListIsRefusedAndNotCut) {
  EXPECT_TRUE(ParseContainerList(R"([{"Id":"a"},{"Id":"b"}])", 2).ok());
  const absl::Status refused = ParseContainerList(R"([{"Id":"a"},{"Id":"b"},{"Id":"c"}])", 2).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("3 containers"));
}

TEST(ContainerListTest, DeepNestingIsRefused) {
  const std::string deep =
      absl::StrCat(R"([{"Id":"a","x":)", std::string(100'000, '['), std::string(100'000, ']'), "}]");
  EXPECT_EQ(ParseContainerList(deep).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace lookout::docker_internal
