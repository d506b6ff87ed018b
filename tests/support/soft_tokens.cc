#include "tests/support/soft_tokens.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "farm/base/process.h"

namespace farm {
namespace {

constexpr const char* kConfiguration = "SOFTHSM2_CONF";
constexpr std::string_view kSecurityOfficerPin = "so-pin-4712";

}  // namespace

SoftTokens::SoftTokens() {
  CHECK(MakeDirectories(Path("tokens"), 0700));
  const std::string file = Path("softhsm2.conf");
  CHECK(WriteDurably(RealFileSystem(), file,
                     "directories.tokendir = " + Path("tokens") +
                         "\nobjectstore.backend = file\nlog.level = ERROR\n"));
  CHECK(setenv(kConfiguration, file.c_str(), 1) == 0);
  WritePin(std::string(kPin) + "\n");
}

void SoftTokens::Run(std::vector<std::string> argv) const {
  ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                      std::string(kConfiguration) + "=" + Path("softhsm2.conf")};
  const auto result = RunProcess(spec);
  if (result && result->ok()) return;
  std::cerr << (result ? result->output + result->error_output : result.error().message) << "\n";
  CHECK(false);
}

std::vector<std::string> SoftTokens::Tool(const std::string& token) const {
  return {"pkcs11-tool", "--module", std::string(kModule), "--token-label", token,
          "--login",     "--pin",    std::string(kPin)};
}

void SoftTokens::AddToken(const std::string& label) {
  Run({"softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin",
       std::string(kSecurityOfficerPin), "--pin", std::string(kPin)});
}

void SoftTokens::MakeKey(const std::string& token, const std::string& object,
                         const std::string& type, const std::vector<std::string>& more) {
  std::vector<std::string> argv = Tool(token);
  argv.insert(argv.end(), {"--keypairgen", "--key-type", type, "--label", object});
  argv.insert(argv.end(), more.begin(), more.end());
  Run(std::move(argv));
}

void SoftTokens::ImportKey(const std::string& token, const std::string& object,
                           const std::string& pem) {
  const std::string file = Path("imported.pem");
  CHECK(WriteSecretDurably(RealFileSystem(), file, pem));
  Run({"softhsm2-util", "--import", file, "--token", token, "--label", object, "--id", "a1",
       "--pin", std::string(kPin)});
}

void SoftTokens::Delete(const std::string& token, const std::string& object,
                        const std::string& type) {
  std::vector<std::string> argv = Tool(token);
  argv.insert(argv.end(), {"--delete-object", "--type", type, "--label", object});
  Run(std::move(argv));
}

void SoftTokens::DeleteKey(const std::string& token, const std::string& object) {
  Delete(token, object, "privkey");
  DeletePublicKey(token, object);
}

void SoftTokens::DeletePublicKey(const std::string& token, const std::string& object) {
  Delete(token, object, "pubkey");
}

void SoftTokens::AddPublicKey(const std::string& token, const std::string& object,
                              const std::string& id, const std::string& spki) {
  const std::string file = Path("public.der");
  CHECK(WriteDurably(RealFileSystem(), file, spki));
  std::vector<std::string> argv = Tool(token);
  argv.insert(argv.end(),
              {"--write-object", file, "--type", "pubkey", "--label", object, "--id", id});
  Run(std::move(argv));
}

void SoftTokens::WritePin(std::string_view pin) {
  CHECK(WriteSecretDurably(RealFileSystem(), pin_file(), pin));
}

std::string SoftTokens::Key(const std::string& token, const std::string& object,
                            const std::string& more) const {
  return "pkcs11:token=" + token + ";object=" + object + more +
         "?module-path=" + std::string(kModule) + "&pin-source=file:" + pin_file();
}

}  // namespace farm
