#include "lookout/adapters/docker/ssh_command.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace lookout::docker_internal {
namespace {

std::string QuoteForShell(absl::string_view word) {
  for (const char c : word) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        absl::string_view("-_./:=").find(c) == absl::string_view::npos) {
      return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
    }
  }
  return std::string(word);
}

}  // namespace

std::vector<std::string> SshCommand(const DockerEndpoint& endpoint) {
  std::vector<std::string> words = {"ssh"};
  if (!endpoint.user.empty()) words.insert(words.end(), {"-l", endpoint.user});
  if (endpoint.port != 0) words.insert(words.end(), {"-p", absl::StrCat(endpoint.port)});
  std::string command = "docker system dial-stdio";
  if (!endpoint.socket_path.empty()) {
    command = absl::StrCat("docker ", QuoteForShell(absl::StrCat("--host=unix://", endpoint.socket_path)),
                           " system dial-stdio");
  }
  // No terminal (-T), no window that asks for a passphrase at each attempt (BatchMode), and no waiting for
  // ever for a machine that is gone.
  words.insert(words.end(),
               {"-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-T", "--", endpoint.host, command});
  return words;
}

}  // namespace lookout::docker_internal
