#include "lookout/adapters/docker/docker_context.h"

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;

using Table = std::map<std::string, std::string>;

// sha256 of "prod" and of "lab", as `printf prod | sha256sum` has it.
constexpr absl::string_view kProd = "6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77";
constexpr absl::string_view kLab = "a51146d38077ff992eba84cf1d5e9b249073503eb74868699016153b031a38f7";

constexpr absl::string_view kProdMeta = R"({"Name":"prod","Metadata":{"Description":"x"},
    "Endpoints":{"docker":{"Host":"tcp://prod:2376","SkipTLSVerify":false}}})";

// A machine with these variables and files, and nothing else.
DockerEnvironment Machine(Table variables, Table files = {}) {
  variables.emplace("HOME", "/h");
  DockerEnvironment machine{.variables = std::move(variables)};
  machine.read_file = [files](const std::string& path) -> absl::StatusOr<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return absl::NotFoundError(path);
    return found->second;
  };
  machine.exists = [files = std::move(files)](const std::string& path) { return files.contains(path); };
  return machine;
}

std::string Meta(absl::string_view id) { return absl::StrCat("/h/.docker/contexts/meta/", id, "/meta.json"); }
std::string TlsFile(absl::string_view id, absl::string_view file) {
  return absl::StrCat("/h/.docker/contexts/tls/", id, "/docker/", file);
}

// Both contexts are there, and "prod" is the current one.
Table TwoContexts() {
  return {{"/h/.docker/config.json", R"({"auths":{},"currentContext":"prod"})"},
          {Meta(kProd), std::string(kProdMeta)},
          {Meta(kLab), R"({"Name":"lab","Endpoints":{"docker":{"Host":"ssh://lab"}}})"}};
}

std::string HostOf(const absl::StatusOr<DockerAddress>& address) {
  return address.ok() ? address->host : address.status().ToString();
}

TEST(DockerContextTest, PrecedenceIsTheDockerCommands) {
  const Table all = {{"DOCKER_HOST", "tcp://env"}, {"DOCKER_CONTEXT", "lab"}};
  const struct {
    Table variables;
    DockerChoice choice;
    std::string host;
  } table[] = {
      {all, {.host = "tcp://named"}, "tcp://named"},
      {all, {.context = "prod"}, "tcp://prod:2376"},
      {all, {.context = "default"}, "tcp://env"},
      {all, {}, "tcp://env"},
      {{{"DOCKER_HOST", " tcp://env\n"}}, {}, "tcp://env"},
      {{{"DOCKER_CONTEXT", "lab"}}, {}, "ssh://lab"},
      {{{"DOCKER_CONTEXT", "lab"}, {"DOCKER_HOST", ""}}, {}, "ssh://lab"},
      {{{"DOCKER_CONTEXT", "default"}}, {}, "unix:///var/run/docker.sock"},
      {{}, {}, "tcp://prod:2376"},
      {{{"DOCKER_CONTEXT", ""}}, {}, "tcp://prod:2376"},
      {{}, {.context = "default"}, "unix:///var/run/docker.sock"},
      {{}, {.host = ""}, "unix:///var/run/docker.sock"},
      {{{"DOCKER_CONFIG", "/elsewhere"}}, {}, "unix:///var/run/docker.sock"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(HostOf(FindDockerAddress(Machine(row.variables, TwoContexts()), row.choice)), row.host);
  }
  EXPECT_EQ(FindDockerAddress(Machine({}), {.host = "tcp://h", .context = "c"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(DockerContextTest, TheDefaultWhereNothingIsSaid) {
  const std::string rootless = "/run/user/1000/docker.sock";
  const Table runtime = {{"XDG_RUNTIME_DIR", "/run/user/1000"}};
  const struct {
    Table variables;
    Table files;
    std::string host;
  } table[] = {
      {{}, {}, "unix:///var/run/docker.sock"},
      {{}, {{rootless, ""}}, "unix:///var/run/docker.sock"},
      {runtime, {}, "unix:///var/run/docker.sock"},
      {runtime, {{rootless, ""}}, "unix:///run/user/1000/docker.sock"},
      {runtime, {{rootless, ""}, {"/var/run/docker.sock", ""}}, "unix:///var/run/docker.sock"},
      {{{"DOCKER_TLS_VERIFY", "1"}}, {}, "tcp://localhost:2376"},
      {{}, {{"/h/.docker/config.json", "{}"}}, "unix:///var/run/docker.sock"},
      {{}, {{"/h/.docker/config.json", R"({"currentContext":null})"}}, "unix:///var/run/docker.sock"},
      {{}, {{"/h/.docker/config.json", R"({"currentContext":"default"})"}}, "unix:///var/run/docker.sock"},
      {{{"HOME", ""}}, {}, "unix:///var/run/docker.sock"},
  };
  for (const auto& row : table) {
    const auto address = FindDockerAddress(Machine(row.variables, row.files));
    EXPECT_EQ(HostOf(address), row.host);
  }
}

TEST(DockerContextTest, TlsOfTheEnvironment) {
  const Table certificates = {
      {"/h/.docker/cert.pem", ""}, {"/h/.docker/key.pem", ""}, {"/certs/cert.pem", ""}};
  const struct {
    Table variables;
    std::optional<DockerTls> tls;
  } table[] = {
      {{}, std::nullopt},
      {{{"DOCKER_TLS_VERIFY", ""}, {"DOCKER_TLS", ""}, {"DOCKER_CERT_PATH", "/certs"}}, std::nullopt},
      {{{"DOCKER_TLS_VERIFY", "0"}},  // set is set, whatever it says
       DockerTls{"/h/.docker/ca.pem", "/h/.docker/cert.pem", "/h/.docker/key.pem", true}},
      {{{"DOCKER_TLS", "1"}}, DockerTls{"", "/h/.docker/cert.pem", "/h/.docker/key.pem", false}},
      {{{"DOCKER_TLS", "1"}, {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", "/certs"}},
       DockerTls{"/certs/ca.pem", "/certs/cert.pem", "", true}},
      {{{"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CONFIG", "/d"}}, DockerTls{"/d/ca.pem", "", "", true}},
  };
  for (const auto& row : table) {
    const auto address = FindDockerAddress(Machine(row.variables, certificates), {.host = "tcp://h"});
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->tls, row.tls) << (address->tls.has_value() ? address->tls->ca_file : "none");
  }
}

TEST(DockerContextTest, TlsOfAContextIsItsOwn) {
  const Table environment = {{"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", "/certs"}};
  Table files = TwoContexts();
  EXPECT_EQ(FindDockerAddress(Machine(environment, files))->tls, std::nullopt);

  for (const char* file : {"ca.pem", "cert.pem", "key.pem"}) files[TlsFile(kProd, file)] = "";
  EXPECT_EQ(
      FindDockerAddress(Machine(environment, files))->tls,
      (DockerTls{TlsFile(kProd, "ca.pem"), TlsFile(kProd, "cert.pem"), TlsFile(kProd, "key.pem"), true}));

  files.erase(TlsFile(kProd, "ca.pem"));
  files[Meta(kProd)] = R"({"Endpoints":{"docker":{"Host":"tcp://p","SkipTLSVerify":true}}})";
  EXPECT_EQ(FindDockerAddress(Machine(environment, files))->tls,
            (DockerTls{"", TlsFile(kProd, "cert.pem"), TlsFile(kProd, "key.pem"), false}));

  files.erase(TlsFile(kProd, "cert.pem"));
  files.erase(TlsFile(kProd, "key.pem"));
  EXPECT_EQ(FindDockerAddress(Machine(environment, files))->tls, (DockerTls{"", "", "", false}));
}

TEST(DockerContextTest, AContextThatIsNotThereIsNamedAndWhereItWasLookedFor) {
  const struct {
    Table variables;
    Table files;
    DockerChoice choice;
    std::string by;
  } table[] = {
      {{}, {}, {.context = "prod"}, "\"prod\" (as asked for)"},
      {{{"DOCKER_CONTEXT", "prod"}}, {}, {}, "\"prod\" (DOCKER_CONTEXT)"},
      {{},
       {{"/h/.docker/config.json", R"({"currentContext":"prod"})"}},
       {},
       "\"prod\" (currentContext in /h/.docker/config.json)"},
  };
  for (const auto& row : table) {
    const absl::Status status = FindDockerAddress(Machine(row.variables, row.files), row.choice).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.by));
    EXPECT_THAT(std::string(status.message()), HasSubstr(Meta(kProd)));
  }
  const absl::Status homeless = FindDockerAddress(Machine({{"HOME", ""}}), {.context = "prod"}).status();
  EXPECT_THAT(std::string(homeless.message()), HasSubstr("neither DOCKER_CONFIG nor HOME"));
}

TEST(DockerContextTest, SettingsThatMakeNoSenseAreRefusedByName) {
  const std::string deep(100000, '[');
  for (const std::string& json :
       {std::string(""), std::string("{"), std::string("[]"), std::string("\xff\x00", 2),
        std::string(R"({"currentContext":7})"), std::string("{} {}"), deep}) {
    const absl::Status status = FindDockerAddress(Machine({}, {{"/h/.docker/config.json", json}})).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << json.substr(0, 40);
    EXPECT_THAT(std::string(status.message()), HasSubstr("/h/.docker/config.json: "));
  }
  for (const std::string json :
       {"", "nul", "[]", "{}", R"({"Endpoints":[]})", R"({"Endpoints":{"kubernetes":{}}})",
        R"({"Endpoints":{"docker":"tcp://h"}})", R"({"Endpoints":{"docker":{"Host":["tcp://h"]}}})",
        R"({"Endpoints":{"docker":{"Host":"tcp://h","SkipTLSVerify":"yes"}}})"}) {
    const absl::Status status =
        FindDockerAddress(Machine({}, {{Meta(kProd), json}}), {.context = "prod"}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << json;
    EXPECT_THAT(std::string(status.message()), HasSubstr(Meta(kProd))) << json;
  }
  // No host at all is the default one, as for the docker command.
  EXPECT_EQ(HostOf(FindDockerAddress(Machine({}, {{Meta(kProd), R"({"Endpoints":{"docker":{}}})"}}),
                                     {.context = "prod"})),
            "unix:///var/run/docker.sock");
}

TEST(DockerContextTest, AFileThatCannotBeReadIsAnError) {
  DockerEnvironment machine = Machine({});
  machine.read_file = [](const std::string& path) { return absl::PermissionDeniedError(path); };
  EXPECT_EQ(FindDockerAddress(machine).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(FindDockerAddress(machine, {.context = "prod"}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(DockerContextTest, ReadsTheFilesOfThisMachine) {
  const ScopedTempDir dir;
  dir.WriteFile("config.json", R"({"currentContext":"prod"})");
  dir.WriteFile(absl::StrCat("contexts/meta/", kProd, "/meta.json"), kProdMeta);
  dir.WriteFile(absl::StrCat("contexts/tls/", kProd, "/docker/ca.pem"), "x");
  setenv("DOCKER_CONFIG", dir.path().c_str(), 1);
  for (const char* name : {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY"})
    unsetenv(name);
  const auto address = FindDockerAddress(DockerEnvironmentOfProcess());
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->host, "tcp://prod:2376");
  ASSERT_TRUE(address->tls.has_value());
  EXPECT_EQ(address->tls->ca_file, dir.Path(absl::StrCat("contexts/tls/", kProd, "/docker/ca.pem")));
  EXPECT_EQ(address->tls->certificate_file, "");
}

}  // namespace
}  // namespace lookout
