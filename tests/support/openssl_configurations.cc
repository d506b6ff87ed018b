#include "tests/support/openssl_configurations.h"

#include <filesystem>
#include <iostream>

#include "farm/base/files.h"
#include "farm/base/process.h"

namespace farm {
namespace {

constexpr char kModule[] = "tests/support/openssl_module.so";

struct Configuration {
  std::string name;
  std::string text;
  std::vector<std::string> environment;  // beside OPENSSL_CONF
  int exit_of_openssl = 0;
};

std::vector<Configuration> Configurations(const std::string& module) {
  constexpr int kTakenOver = 99;
  const std::string start = "openssl_conf = start\n[start]\n";
  return {
      {"provider",
       start + "providers = list\n[list]\nprobe = probe\n[probe]\nactivate = 1\nmodule = " + module,
       {},
       kTakenOver},
      {"provider_by_its_name",
       start + "providers = list\n[list]\nopenssl_module = probe\n[probe]\nactivate = 1\n",
       {"OPENSSL_MODULES=" + DirectoryName(module)},
       kTakenOver},
      {"engine",
       start + "engines = list\n[list]\nprobe = probe\n[probe]\ndynamic_path = " + module +
           "\ninit = 1\n",
       {},
       kTakenOver},
      {"engine_by_its_name",
       start +
           "engines = list\n[list]\nprobe = probe\n[probe]\nengine_id = openssl_module\ninit = 1\n",
       {"OPENSSL_ENGINES=" + DirectoryName(module)},
       kTakenOver},
      {"algorithms_of_nobody",
       start + "alg_section = list\n[list]\ndefault_properties = provider=nobody\n",
       {},
       1},
  };
}

bool TakesOverOpenssl(const std::vector<std::string>& environment, const std::string& file,
                      int exit_code) {
  ProcessSpec openssl;
  openssl.argv = {"/usr/bin/openssl", "dgst", "-sha256", file};
  openssl.environment = environment;
  const auto result = RunProcess(openssl);
  if (result && result->exit_code == exit_code) return true;
  std::cerr << file << ": " << (result ? result->error_output : result.error().message) << "\n";
  return false;
}

}  // namespace

std::vector<HostileConfiguration> WriteHostileConfigurations(const std::string& directory) {
  std::vector<HostileConfiguration> hostile;
  for (Configuration& configuration : Configurations(std::filesystem::absolute(kModule).string())) {
    const std::string file = JoinPath(directory, configuration.name + ".cnf");
    CHECK(WriteDurably(RealFileSystem(), file, configuration.text));
    std::vector<std::string> environment = std::move(configuration.environment);
    environment.push_back("OPENSSL_CONF=" + file);
    CHECK(TakesOverOpenssl(environment, file, configuration.exit_of_openssl));
    hostile.push_back({std::move(configuration.name), std::move(environment)});
  }
  return hostile;
}

}  // namespace farm
