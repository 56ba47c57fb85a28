#include "lookout/adapters/docker/docker_settings.h"

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "boost/json.hpp"

namespace lookout::docker_internal {
namespace {

namespace json = boost::json;

absl::Status Senseless(absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", why));
}

// Boost.JSON ends at a depth of 32 by itself.
absl::StatusOr<json::object> ParseObject(absl::string_view text, absl::string_view path) {
  try {
    boost::system::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return Senseless(path, absl::StrCat("is no JSON: ", error.message()));
    if (!value.is_object()) return Senseless(path, "is no JSON object");
    return std::move(value.as_object());
  } catch (const std::exception& e) {
    return Senseless(path, e.what());
  }
}

// A member that may be missing or null.
const json::value* Member(const json::object& object, absl::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

absl::StatusOr<std::string> String(const json::object& object, absl::string_view key,
                                   absl::string_view path) {
  const json::value* value = Member(object, key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return Senseless(path, absl::StrCat("its ", key, " is no string"));
  return std::string(value->get_string().data(), value->get_string().size());
}

}  // namespace

absl::StatusOr<ContextEndpoint> ParseContextEndpoint(absl::string_view text, absl::string_view path) {
  const absl::StatusOr<json::object> meta = ParseObject(text, path);
  if (!meta.ok()) return meta.status();
  const json::value* endpoints = Member(*meta, "Endpoints");
  const json::value* docker =
      endpoints == nullptr || !endpoints->is_object() ? nullptr : Member(endpoints->get_object(), "docker");
  if (docker == nullptr || !docker->is_object()) return Senseless(path, "has no endpoint \"docker\"");
  absl::StatusOr<std::string> host = String(docker->get_object(), "Host", path);
  if (!host.ok()) return host.status();
  const json::value* skip = Member(docker->get_object(), "SkipTLSVerify");
  if (skip != nullptr && !skip->is_bool())
    return Senseless(path, "its SkipTLSVerify is neither true nor false");
  return ContextEndpoint{.host = *std::move(host), .skip_tls_verify = skip != nullptr && skip->get_bool()};
}

absl::StatusOr<std::string> ParseCurrentContext(absl::string_view text, absl::string_view path) {
  const absl::StatusOr<json::object> config = ParseObject(text, path);
  if (!config.ok()) return config.status();
  return String(*config, "currentContext", path);
}

}  // namespace lookout::docker_internal
