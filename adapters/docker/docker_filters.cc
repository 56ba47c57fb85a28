#include "lookout/adapters/docker/docker_filters.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lookout/adapters/docker/utf8.h"

namespace lookout {
namespace {

struct Label {
  absl::string_view key;
  std::optional<absl::string_view> value;
};

Label SplitLabel(absl::string_view label) {
  const std::size_t equals = label.find('=');
  if (equals == absl::string_view::npos) return {label, std::nullopt};
  return {label.substr(0, equals), label.substr(equals + 1)};
}

bool HasLabels(const std::vector<std::string>& wanted, const Attributes& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& text) {
    const Label label = SplitLabel(text);
    const std::optional<absl::string_view> value = labels.Find(label.key);
    return value.has_value() && (!label.value || *label.value == *value);
  });
}

bool HasName(const std::vector<std::string>& wanted, absl::string_view name) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](absl::string_view text) {
           return absl::StripPrefix(text, "/") == name;
         });
}

struct ImageName {
  absl::string_view repository;  // in its shortest form
  absl::string_view tag = {};    // may be empty
  absl::string_view digest = {};
};

// Whether a name begins with the host of a registry, rather than a folder of Docker Hub.
bool HasRegistry(absl::string_view repository) {
  const absl::string_view first = repository.substr(0, repository.find('/'));
  return first.size() < repository.size() &&
         (first.find_first_of(".:") != absl::string_view::npos || first == "localhost");
}

ImageName ParseImage(absl::string_view image) {
  ImageName name;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(image, absl::MaxSplits('@', 1));
  name.repository = parts.first;
  name.digest = parts.second;
  const std::size_t colon = name.repository.rfind(':');
  if (colon != absl::string_view::npos && !absl::StrContains(name.repository.substr(colon), '/')) {
    name.tag = name.repository.substr(colon + 1);
    name.repository = name.repository.substr(0, colon);
  }
  for (const absl::string_view registry : {"docker.io/", "index.docker.io/", "localhost/"}) {
    if (absl::ConsumePrefix(&name.repository, registry)) break;
  }
  if (!HasRegistry(name.repository)) absl::ConsumePrefix(&name.repository, "library/");
  return name;
}

bool IsImage(absl::string_view wanted, absl::string_view image) {
  if (wanted == image) return true;
  const ImageName want = ParseImage(wanted), have = ParseImage(image);
  if (want.repository != have.repository) return false;
  const bool untagged = have.tag.empty() && have.digest.empty();
  const bool tag_fits = want.tag.empty() || want.tag == (untagged ? "latest" : have.tag);
  return tag_fits && (want.digest.empty() || want.digest == have.digest);
}

bool HasImage(const std::vector<std::string>& wanted, absl::string_view image) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(),
                                       [&](absl::string_view text) { return IsImage(text, image); });
}

absl::Status CheckText(absl::string_view kind, absl::string_view text) {
  if (!text.empty() && docker_internal::IsUtf8(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("filter ", kind, " \"", absl::CHexEscape(text), "\" is ",
                                                 text.empty() ? "empty" : "not UTF-8"));
}

}  // namespace

absl::Status CheckFilters(const DockerFilters& filters) {
  for (const std::string& label : filters.labels) {
    const absl::string_view key = SplitLabel(label).key;
    if (absl::Status text = CheckText("label", key.empty() ? key : label); !text.ok()) return text;
    if (key == "name" || key == "image") {
      return absl::InvalidArgumentError(
          absl::StrCat("filter label \"", label, "\": an engine's events do not show a label called ", key,
                       ", but the container's own ", key, ": filter by ", key, " instead"));
    }
  }
  for (const std::string& name : filters.names) {
    if (absl::Status text = CheckText("name", absl::StripPrefix(name, "/")); !text.ok()) return text;
  }
  for (const std::string& image : filters.images) {
    if (absl::Status text = CheckText("image", image); !text.ok()) return text;
  }
  return absl::OkStatus();
}

bool Matches(const DockerFilters& filters, const Event& event) {
  return HasLabels(filters.labels, event.attributes) && HasName(filters.names, event.actor_name) &&
         (filters.images.empty() || HasImage(filters.images, event.attributes.Get("image")));
}

namespace docker_internal {
namespace {

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-._~", c)) {
      encoded.push_back(c);
    } else {
      absl::StrAppend(&encoded, absl::StrFormat("%%%02X", static_cast<unsigned char>(c)));
    }
  }
  return encoded;
}

std::string JsonString(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (absl::ascii_iscntrl(c)) {
      absl::StrAppend(&quoted, absl::StrFormat("\\u%04x", static_cast<unsigned char>(c)));
    } else {
      quoted.push_back(c);
    }
  }
  return absl::StrCat(quoted, "\"");
}

// {"label":["a","b=c"],"type":["container"]}: both engines read this form and an older one.
class FilterJson {
 public:
  void Add(absl::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    members_.push_back(absl::StrCat(
        JsonString(key), ":[",
        absl::StrJoin(values, ",",
                      [](std::string* out, const std::string& v) { out->append(JsonString(v)); }),
        "]"));
  }
  std::string Encoded() const { return PercentEncode(absl::StrCat("{", absl::StrJoin(members_, ","), "}")); }
  bool empty() const { return members_.empty(); }

 private:
  std::vector<std::string> members_;
};

// Podman before 5.7 lets no container through that is asked for by a label without a value. Fewer labels let
// no fewer containers through, whether it wants any of them or all.
std::vector<std::string> LabelsForEvents(const DockerFilters& filters, DockerDialect dialect) {
  std::vector<std::string> labels = filters.labels;
  if (dialect == DockerDialect::kPodman) {
    std::erase_if(labels, [](const std::string& label) { return !SplitLabel(label).value; });
  }
  return labels;
}

// Podman before 3.2 wants all of the names to be the container's.
std::vector<std::string> NamesForEvents(const DockerFilters& filters, DockerDialect dialect) {
  std::vector<std::string> names;
  if (dialect == DockerDialect::kPodman && filters.names.size() > 1) return names;
  for (const absl::string_view name : filters.names) names.emplace_back(absl::StripPrefix(name, "/"));
  return names;
}

// Docker compares an event's image, as it is and without tag, digest and "docker.io/library/", with each
// value.
std::vector<std::string> ImagesForEvents(const DockerFilters& filters) {
  std::vector<std::string> images;
  for (const std::string& image : filters.images) {
    const absl::string_view repository = ParseImage(image).repository;
    images.push_back(image);
    images.emplace_back(repository);
    if (!HasRegistry(repository)) images.push_back(absl::StrCat("localhost/", repository));
  }
  std::sort(images.begin(), images.end());
  images.erase(std::unique(images.begin(), images.end()), images.end());
  return images;
}

std::string TimeForEvents(absl::Time time, DockerDialect dialect) {
  time = std::max(time, absl::UnixEpoch());
  if (dialect == DockerDialect::kPodman) {
    return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E9SZ", time, absl::UTCTimeZone());
  }
  if (time == absl::UnixEpoch()) return "0";
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  return absl::StrFormat("%d.%09d", seconds, absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds)));
}

}  // namespace

bool Matches(const DockerFilters& filters, const ListedContainer& container) {
  return HasLabels(filters.labels, container.labels) && HasName(filters.names, container.name) &&
         HasImage(filters.images, container.image);
}

bool MayMatch(const DockerFilters& filters, const ListedContainer& container) {
  const bool is_id = container.image.starts_with("sha256:") ||
                     (container.image.size() == 64 &&
                      container.image.find_first_not_of("0123456789abcdef") == std::string::npos);
  return is_id && !filters.images.empty() && HasLabels(filters.labels, container.labels) &&
         HasName(filters.names, container.name);
}

bool MatchesName(const DockerFilters& filters, absl::string_view name) {
  return HasName(filters.names, name);
}

std::string EventsQuery(const DockerFilters& filters, DockerDialect dialect, std::optional<absl::Time> since,
                        std::optional<absl::Time> until) {
  FilterJson json;
  json.Add("type", {"container"});
  json.Add("label", LabelsForEvents(filters, dialect));
  json.Add("container", NamesForEvents(filters, dialect));
  if (dialect == DockerDialect::kDocker) json.Add("image", ImagesForEvents(filters));
  std::string query = absl::StrCat("filters=", json.Encoded());
  if (since) absl::StrAppend(&query, "&since=", PercentEncode(TimeForEvents(*since, dialect)));
  if (until) absl::StrAppend(&query, "&until=", PercentEncode(TimeForEvents(*until, dialect)));
  return query;
}

std::string ContainersQuery(const DockerFilters& filters, DockerDialect /*dialect*/) {
  FilterJson json;
  json.Add("label", filters.labels);
  return json.empty() ? "all=1" : absl::StrCat("all=1&filters=", json.Encoded());
}

std::string EventsPath(absl::string_view prefix, absl::string_view query) {
  return absl::StrCat(prefix, "/events?", query);
}

std::string ContainersPath(absl::string_view prefix, absl::string_view query) {
  return absl::StrCat(prefix, "/containers/json?", query);
}

}  // namespace docker_internal
}  // namespace lookout
