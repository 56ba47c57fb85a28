#include "lookout/adapters/docker/docker_filters.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;

// %XX back to what it stands for, as an engine does.
std::string Decoded(absl::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      std::string byte;
      EXPECT_TRUE(absl::HexStringToBytes(text.substr(i + 1, 2), &byte)) << text;
      out += byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Event MakeEvent(std::string name, std::string image, Attributes attributes = {}) {
  attributes.Set("name", name);
  attributes.Set("image", std::move(image));
  return {.actor_name = std::move(name), .actor_id = "id", .attributes = std::move(attributes)};
}

// An event and a list's element of the same container.
bool Match(const DockerFilters& filters, const std::string& name, const std::string& image,
           const Attributes& labels = {}) {
  const bool event = Matches(filters, MakeEvent(name, image, labels));
  EXPECT_EQ(Matches(filters, ListedContainer{.id = "id", .name = name, .image = image, .labels = labels}),
            event);
  return event;
}

TEST(DockerFiltersTest, NoFilterMatchesAll) {
  EXPECT_TRUE(DockerFilters().empty());
  EXPECT_TRUE(Match({}, "web", "nginx"));
  EXPECT_TRUE(Matches(DockerFilters(), Event()));
}

TEST(DockerFiltersTest, AllLabelsMustBeThere) {
  const Attributes labels{{"a", "1"}, {"b", ""}, {"c", "x=y"}};
  const std::pair<std::vector<std::string>, bool> table[] = {
      {{"a"}, true},    {{"a=1"}, true}, {{"a=2"}, false},        {{"d"}, false},      {{"b"}, true},
      {{"b="}, true},   {{"a="}, false}, {{"a", "b"}, true},      {{"a", "d"}, false}, {{"c=x=y"}, true},
      {{"c=x"}, false}, {{"A"}, false},  {{"a=1", "a=2"}, false},
  };
  for (const auto& [wanted, expected] : table) {
    EXPECT_EQ(Match({.labels = wanted}, "web", "nginx", labels), expected) << wanted[0];
  }
}

TEST(DockerFiltersTest, OneOfTheNamesMustBeTheContainers) {
  EXPECT_TRUE(Match({.names = {"db", "web"}}, "web", "nginx"));
  EXPECT_TRUE(Match({.names = {"/web"}}, "web", "nginx"));
  EXPECT_FALSE(Match({.names = {"web"}}, "web2", "nginx")) << "a prefix, to Docker";
  EXPECT_FALSE(Match({.names = {"w.b"}}, "web", "nginx")) << "a regular expression, in Docker's lists";
  EXPECT_FALSE(Match({.names = {"id"}}, "web", "nginx")) << "an ID is no name";
}

TEST(DockerFiltersTest, AContainerIsKnownByItsNameOfTheMoment) {
  const DockerFilters filters{.names = {"new"}};
  EXPECT_TRUE(Matches(filters, MakeEvent("new", "nginx", {{"oldName", "/old"}})));
  EXPECT_FALSE(Matches(filters, MakeEvent("newer", "nginx", {{"oldName", "/new"}})));
}

TEST(DockerFiltersTest, ImagesMatchHoweverTheyAreWritten) {
  const struct {
    std::string wanted, image;
    bool expected;
  } table[] = {
      {"nginx", "nginx", true},
      {"nginx", "nginx:1.27", true},
      {"nginx", "docker.io/library/nginx:1.27", true},
      {"nginx", "localhost/nginx:latest", true},
      {"nginx", "nginx@sha256:abc", true},
      {"nginx", "nginx:1.27@sha256:abc", true},
      {"nginx", "example.com/nginx", false},
      {"nginx", "nginx2", false},
      {"nginx", "other/nginx", false},
      {"nginx:1.27", "nginx:1.27", true},
      {"nginx:1.27", "docker.io/library/nginx:1.27", true},
      {"nginx:1.27", "nginx:1.28", false},
      {"nginx:1.27", "nginx", false},
      {"nginx:latest", "nginx", true},
      {"nginx:latest", "nginx@sha256:abc", false},
      {"nginx@sha256:abc", "nginx:1.27@sha256:abc", true},
      {"nginx@sha256:abc", "nginx:1.27", false},
      {"docker.io/library/nginx", "nginx:1", true},
      {"library/nginx", "nginx:1", true},
      {"index.docker.io/me/app", "me/app:2", true},
      {"example.com/library/app", "example.com/app", false},
      {"localhost:5000/app", "localhost:5000/app:1", true},
      {"localhost:5000/app", "localhost:5000/app", true},
      {"localhost:5000/app:1", "localhost:5000/app", false},
      {"app", "localhost:5000/app", false},
      {"sha256:0123", "sha256:0123", true},
      {"sha256:0123", "sha256:4567", false},
      {"nginx", "", false},
  };
  for (const auto& row : table) {
    EXPECT_EQ(Match({.images = {row.wanted}}, "web", row.image), row.expected)
        << row.wanted << " of " << row.image;
  }
  EXPECT_TRUE(Match({.images = {"redis", "nginx"}}, "web", "nginx"));
}

TEST(DockerFiltersTest, AllKindsMustMatch) {
  const DockerFilters filters{.labels = {"a"}, .names = {"web"}, .images = {"nginx"}};
  EXPECT_TRUE(Match(filters, "web", "nginx", {{"a", ""}}));
  EXPECT_FALSE(Match(filters, "db", "nginx", {{"a", ""}}));
  EXPECT_FALSE(Match(filters, "web", "redis", {{"a", ""}}));
  EXPECT_FALSE(Match(filters, "web", "nginx"));
}

TEST(DockerFiltersTest, WhatCanMatchNothingIsRefused) {
  const DockerFilters bad[] = {{.labels = {""}},      {.labels = {"=v"}},    {.labels = {"name=web"}},
                               {.labels = {"image"}}, {.labels = {"a\xff"}}, {.names = {""}},
                               {.names = {"/"}},      {.names = {"\xc3"}},   {.images = {""}},
                               {.images = {"\x80"}}};
  for (const DockerFilters& filters : bad) {
    EXPECT_EQ(CheckFilters(filters).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(std::string(CheckFilters({.labels = {"name=web"}}).message()),
              HasSubstr("\"name=web\": an engine's events do not show a label called name"));
  EXPECT_EQ(CheckFilters({.labels = {"k", "k=", "ü=✓", "names=x"}, .names = {"/web"}, .images = {"nginx:1"}}),
            absl::OkStatus());
  EXPECT_EQ(CheckFilters({}), absl::OkStatus());
}

TEST(DockerFiltersTest, DockerIsAskedAllOfItAndMoreThanIsTold) {
  const DockerFilters filters{.labels = {"k", "a=b"}, .names = {"/web", "db"}, .images = {"nginx:1.27"}};
  EXPECT_EQ(Decoded(EventsQuery(filters, DockerDialect::kDocker)),
            R"(filters={"type":["container"],"label":["k","a=b"],"container":["web","db"],)"
            R"("image":["localhost/nginx","nginx","nginx:1.27"]})");
  EXPECT_EQ(Decoded(EventsQuery({.images = {"example.com/a"}}, DockerDialect::kDocker)),
            R"(filters={"type":["container"],"image":["example.com/a"]})");
}

TEST(DockerFiltersTest, PodmanIsAskedOnlyWhatItUnderstands) {
  const DockerFilters filters{.labels = {"k", "a=b"}, .names = {"web"}, .images = {"nginx"}};
  EXPECT_EQ(Decoded(EventsQuery(filters, DockerDialect::kPodman)),
            R"(filters={"type":["container"],"label":["a=b"],"container":["web"]})");
  EXPECT_EQ(Decoded(EventsQuery({.labels = {"k"}, .names = {"web", "db"}}, DockerDialect::kPodman)),
            R"(filters={"type":["container"]})");
}

TEST(DockerFiltersTest, AnImageThatIsListedByItsIdMayBeTheOneAskedFor) {
  const DockerFilters filters{.labels = {"a"}, .names = {"web"}, .images = {"nginx"}};
  const std::string id(64, 'a');
  const auto may_match = [&](absl::string_view name, std::string image, Attributes labels) {
    return MayMatch(filters,
                    {.id = "id", .name = std::string(name), .image = std::move(image), .labels = labels});
  };
  EXPECT_TRUE(may_match("web", "sha256:" + id, {{"a", "1"}}));
  EXPECT_TRUE(may_match("web", id, {{"a", "1"}}));
  EXPECT_FALSE(may_match("web", "redis", {{"a", "1"}}));
  EXPECT_FALSE(may_match("db", id, {{"a", "1"}}));
  EXPECT_FALSE(may_match("web", id, {}));
  EXPECT_FALSE(MayMatch({}, {.id = "id", .name = "web", .image = id})) << "it does";
}

TEST(DockerFiltersTest, ListsAreAskedByLabelAlone) {
  const DockerFilters filters{.labels = {"k", "a=b"}, .names = {"web"}, .images = {"nginx"}};
  for (const DockerDialect dialect : {DockerDialect::kDocker, DockerDialect::kPodman}) {
    EXPECT_EQ(Decoded(ContainersQuery(filters, dialect)), R"(all=1&filters={"label":["k","a=b"]})");
    EXPECT_EQ(ContainersQuery({.names = {"web"}}, dialect), "all=1");
  }
}

TEST(DockerFiltersTest, QueriesAreEncodedWhateverIsAskedFor) {
  const std::string query =
      EventsQuery({.labels = {"a\"b\\c=d&e+f #%\n\xc3\xbc"}}, DockerDialect::kDocker, absl::UnixEpoch());
  EXPECT_EQ(query.find_first_of("\"\\{}[]: +#\n\xc3"), std::string::npos) << query;
  EXPECT_EQ(Decoded(query), R"(filters={"type":["container"],"label":["a\"b\\c=d&e+f #%\u000a)"
                            "\xc3\xbc"
                            R"("]}&since=0)");
}

TEST(DockerFiltersTest, TimesAreExactToTheNanosecondInEachDialect) {
  const absl::Time time = absl::FromUnixNanos(1767268800000000042);
  EXPECT_THAT(EventsQuery({}, DockerDialect::kDocker, time, time + absl::Seconds(1)),
              HasSubstr("&since=1767268800.000000042&until=1767268801.000000042"));
  EXPECT_THAT(Decoded(EventsQuery({}, DockerDialect::kPodman, time)),
              HasSubstr("&since=2026-01-01T12:00:00.000000042Z"));
  EXPECT_THAT(EventsQuery({}, DockerDialect::kDocker, absl::InfinitePast()), HasSubstr("&since=0"));
}

TEST(DockerFiltersTest, PathsStandBelowTheVersion) {
  EXPECT_EQ(EventsPath("/v1.41", "since=0"), "/v1.41/events?since=0");
  EXPECT_EQ(ContainersPath("", "all=1"), "/containers/json?all=1");
}

}  // namespace
}  // namespace lookout::docker_internal
