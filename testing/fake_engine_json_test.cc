#include "lookout/testing/fake_engine_json.h"

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::testing_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

FakeEngineFilters Filters(absl::string_view json) {
  auto filters = ParseFilters(json);
  EXPECT_TRUE(filters.ok()) << filters.status();
  return filters.ok() ? *filters : FakeEngineFilters();
}

const FakeEngineEvent& Started() {
  static const auto* const event =
      new FakeEngineEvent{.action = "start",
                          .id = "8dfa",
                          .attributes = {{"image", "nginx:1.27"}, {"name", "web"}, {"tier", "a=b"}}};
  return *event;
}

TEST(FakeEngineJsonTest, AnEventIsWrittenAsDockerWritesIt) {
  FakeEngineEvent event = Started();
  event.attributes.Set("lt", "<a&b>");
  event.nanos = 1795455013160798931;
  EXPECT_EQ(EventLine(event),
            R"({"status":"start","id":"8dfa","from":"nginx:1.27","Type":"container","Action":"start",)"
            R"("Actor":{"ID":"8dfa","Attributes":{"image":"nginx:1.27",)"
            R"("lt":"\u003ca\u0026b\u003e","name":"web","tier":"a=b"}},)"
            R"("scope":"local","time":1795455013,"timeNano":1795455013160798931})"
            "\n");
  EXPECT_THAT(EventLine({.type = "network", .action = "connect", .id = "n"}), Not(HasSubstr("status")));
}

TEST(FakeEngineJsonTest, AListIsWrittenAsDockerWritesIt) {
  EXPECT_EQ(ContainersJson({}), "[]\n");
  EXPECT_THAT(ContainersJson({{.id = "8dfa", .name = "web", .image = "nginx", .labels = {{"q", "\"\n"}}}}),
              HasSubstr(R"("Id":"8dfa","Names":["/web"],"Image":"nginx",)"));
}

TEST(FakeEngineJsonTest, FiltersAreReadInBothForms) {
  EXPECT_THAT(Filters(""), IsEmpty());
  EXPECT_EQ(Filters(R"({"type":["container"],"label":["a","b=c"]})"),
            (FakeEngineFilters{{"type", {"container"}}, {"label", {"a", "b=c"}}}));
  EXPECT_EQ(Filters(R"({"type":{"container":true}})"), (FakeEngineFilters{{"type", {"container"}}}));
  for (absl::string_view text : {"[]", "{", "x", R"({"type":7})", R"({"type":[7]})"}) {
    EXPECT_FALSE(ParseFilters(text).ok()) << text;
  }
}

TEST(FakeEngineJsonTest, TargetsAreTakenApart) {
  const FakeEngineTarget target =
      ParseTarget("/v1.51/events?since=0&filters=%7B%22a%22:%5B%22b+c%22%5D%7D&x");
  EXPECT_EQ(target.version, "1.51");
  EXPECT_EQ(target.path, "/events");
  EXPECT_EQ(target.parameters.at("since"), "0");
  EXPECT_EQ(target.parameters.at("filters"), R"({"a":["b c"]})");
  EXPECT_EQ(target.parameters.at("x"), "");
  EXPECT_EQ(ParseTarget("/_ping").path, "/_ping");
  EXPECT_EQ(ParseTarget("/volumes").path, "/volumes");
}

TEST(FakeEngineJsonTest, SecondsMayHaveNinePlaces) {
  EXPECT_EQ(ParseSeconds("0"), absl::UnixEpoch());
  EXPECT_EQ(ParseSeconds("7.000000001"), absl::FromUnixNanos(7000000001));
  EXPECT_EQ(ParseSeconds("7.5"), absl::FromUnixMillis(7500));
  EXPECT_EQ(ParseSeconds("1.1234567899"), absl::FromUnixNanos(1123456789));
  for (absl::string_view text : {"", "x", "7.x", "."}) EXPECT_EQ(ParseSeconds(text), std::nullopt) << text;
}

TEST(FakeEngineJsonTest, EventsMatch) {
  const struct {
    absl::string_view filters;
    bool docker, podman;
  } table[] = {
      {"{}", true, true},
      {R"({"type":["container"]})", true, true},
      {R"({"type":["network","container"]})", true, true},
      {R"({"type":["network"]})", false, false},
      {R"({"event":["start","die"]})", true, true},
      {R"({"event":["die"]})", false, false},
      {R"({"container":["web"]})", true, true},
      {R"({"container":["we"]})", true, false},
      {R"({"container":["8d"]})", true, true},
      {R"({"container":["b"]})", false, false},
      {R"({"image":["nginx"]})", true, false},
      {R"({"image":["nginx:1.27"]})", true, false},
      {R"({"image":["ngin"]})", false, false},
      {R"({"label":["tier"]})", true, true},
      {R"({"label":["tier=a=b"]})", true, true},
      {R"({"label":["tier=a"]})", false, false},
      {R"({"label":["tier","no"]})", false, true},
      {R"({"label":["tier"],"container":["b"]})", false, false},
  };
  for (const auto& [filters, docker, podman] : table) {
    EXPECT_EQ(MatchesEvent(Filters(filters), Started(), false), docker) << filters;
    EXPECT_EQ(MatchesEvent(Filters(filters), Started(), true), podman) << filters;
  }
}

TEST(FakeEngineJsonTest, ContainersMatch) {
  const FakeContainer container{
      .id = "8dfa", .name = "web1", .image = "nginx:1.27", .labels = {{"tier", "a"}}, .state = "running"};
  const std::pair<absl::string_view, bool> table[] = {
      {"{}", true},
      {R"({"id":["8d"]})", true},
      {R"({"name":["eb"]})", true},
      {R"({"name":["^web1$"]})", true},
      {R"({"name":["^/web1$"]})", true},
      {R"({"name":["^web$"]})", false},
      {R"({"name":["["]})", false},
      {R"({"ancestor":["nginx"]})", true},
      {R"({"ancestor":["redis"]})", false},
      {R"({"label":["tier=a"]})", true},
      {R"({"label":["tier=a","x"]})", false},
      {R"({"status":["running"]})", true},
      {R"({"status":["exited","paused"]})", false},
  };
  for (const auto& [filters, matches] : table) {
    EXPECT_EQ(MatchesContainer(Filters(filters), container), matches) << filters;
  }
}

TEST(FakeEngineJsonTest, KeysThatAnEngineDoesNotKnow) {
  const FakeEngineFilters image = Filters(R"({"image":["nginx"]})");
  EXPECT_EQ(UnknownKey(image, false, /*list=*/true), "image");
  EXPECT_EQ(UnknownKey(image, true, /*list=*/true), "image");
  EXPECT_EQ(UnknownKey(image, true, /*list=*/false), "");
  const FakeEngineFilters nonsense = Filters(R"({"nonsense":["x"]})");
  EXPECT_EQ(UnknownKey(nonsense, false, /*list=*/false), "") << "moby does not look";
  EXPECT_EQ(UnknownKey(nonsense, true, /*list=*/false), "nonsense");
}

}  // namespace
}  // namespace lookout::testing_internal
