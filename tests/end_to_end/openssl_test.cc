// No program of ours takes anything from OpenSSL's configuration (farm-verify's own test has it
// with a verdict): in a signing program such code would have the keys.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/cli/init.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/replay/replay.h"
#include "tests/support/openssl_configurations.h"

namespace farm {
namespace {

constexpr char kLock[] = "manifests/toolchains/cc.lock.textproto";
// What a site asks at its start, on a machine that gives all.
constexpr char kLauncher[] = R"(#!/bin/sh
echo '{"format":"farm-sandbox-doctor/1","findings":[{"name":"landlock","needed":true,"present":true,"detail":"ABI 4","remedy":""}],"usable":true}'
)";

class OpensslTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(MakeDirectories(Path("bin"), 0755));
    ASSERT_EQ(chmod(Write("bin/farm-sandbox", kLauncher).c_str(), 0755), 0);
    ASSERT_TRUE(
        InitDevelopment({.directory = Path("farm"), .programs = Path("bin")}, SystemClock()));
    hostile_ = WriteHostileConfigurations(directory_.path());
    ASSERT_FALSE(hostile_.empty());
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  std::string Write(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes)) << name;
    return Path(name);
  }
  // A party's configuration, with ports that are free.
  std::string ConfigurationOf(const std::string& party) {
    const std::string folder = "farm/parties/" + party;
    Json json = *ParseJson(*ReadFile(Path(folder + "/config.json"), 1 << 20), party);
    for (const char* door : {"listen", "httpListen"}) {
      if (json.contains(door)) json[door] = "127.0.0.1:0";
    }
    return Write(folder + "/free_ports.json", json.dump());
  }
  // Runs a program to its end; a daemon is ended when it is ready.
  static ProcessResult Run(const std::vector<std::string>& argv,
                           const std::vector<std::string>& environment) {
    std::atomic<bool> ready = false;
    ProcessSpec spec;
    spec.argv = argv;
    spec.environment = environment;
    spec.environment.push_back("PATH=/usr/bin:/bin");
    spec.on_output = [&](std::string_view text) {
      if (text.find("\"ready\":true") != std::string_view::npos) ready = true;
    };
    spec.cancelled = [&] { return ready.load(); };
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result) << argv[0];
    return result ? *result : ProcessResult{};
  }
  // It does what it does without.
  void ExpectUntouched(const std::vector<std::string>& argv, const std::string& says) {
    for (const HostileConfiguration& hostile : hostile_) {
      const ProcessResult result = Run(argv, hostile.environment);
      EXPECT_EQ(result.exit_code, 0)
          << argv[0] << ", " << hostile.name << ": " << result.output << result.error_output;
      EXPECT_NE(result.output.find(says), std::string::npos)
          << argv[0] << ", " << hostile.name << ": " << result.output << result.error_output;
    }
  }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  std::vector<HostileConfiguration> hostile_;
};

TEST_F(OpensslTest, DaemonsStart) {
  const std::pair<const char*, const char*> daemons[] = {
      {"farm/log/farm-log", "log"},
      {"farm/witness/farm-witness", "witness-1"},
      {"farm/timestamp/farm-tsa", "timestamp"},
      {"farm/gate/farm-signer", "signer"},
      {"farm/service/farmd", "farmd"},
      {"farm/site/farm-site", "site-xa"},
  };
  for (const auto& [program, party] : daemons) {
    ExpectUntouched({program, "--config", ConfigurationOf(party)}, "\"ready\":true");
  }
}

TEST_F(OpensslTest, CommandsOfFarmHash) {
  const std::string digest = Run({"farm/cli/farm", "toolchain", "digest", kLock}, {}).output;
  EXPECT_NE(digest.find("sha256:"), std::string::npos) << digest;
  ExpectUntouched({"farm/cli/farm", "toolchain", "digest", kLock}, digest);
}

TEST_F(OpensslTest, FarmReplaySigns) {
  ReplayReport report;
  report.kit = Sha256("kit");
  report.release = Sha256("release");
  report.reason = "no user namespaces";
  ExpectUntouched({"farm/replay/farm-replay", "sign", Write("report.json", WriteReportJson(report)),
                   "--key", Path("farm/parties/auditor-1/key.pem"), "--name", "regulator-1",
                   "--out", Path("verdict.jsonl")},
                  "signed INCONCLUSIVE");
}

}  // namespace
}  // namespace farm
