// Keys in a real PKCS#11 token: SoftHSM2.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "farm/base/files.h"
#include "farm/crypto/certificate.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/signer.h"
#include "farm/sign/token_session.h"
#include "tests/support/soft_tokens.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'700'000'000;
constexpr const char* kP256 = "EC:prime256v1";
constexpr const char* kEd25519 = "EC:edwards25519";

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() { tokens_.AddToken("farm"); }

  std::unique_ptr<Signer> Open(const std::string& object) {
    auto signer = OpenSigner(tokens_.Key("farm", object));
    EXPECT_TRUE(signer) << signer.error().message;
    return signer ? *std::move(signer) : nullptr;
  }
  Error ErrorOf(const std::string& key) {
    const auto signer = OpenSigner(key);
    EXPECT_FALSE(signer) << key;
    return signer ? Error{} : signer.error();
  }
  // What happens to a program whose token is pulled out and put back.
  static void EndAllSessions() {
    const TokenModule module = TokenModule::Load(std::string(SoftTokens::kModule)).value();
    const std::vector<TokenModule::Slot> slots = module.Slots().value();
    for (const TokenModule::Slot& slot : slots) {
      EXPECT_EQ(module.functions().C_CloseAllSessions(slot.id), CKR_OK);
    }
  }

  SoftTokens tokens_;
};

bool Has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST_F(TokenTest, SignsWithKeysOfEitherKindInOneToken) {
  tokens_.MakeKey("farm", "p256", kP256);
  tokens_.MakeKey("farm", "ed25519", kEd25519);
  const auto p256 = Open("p256");
  const auto ed25519 = Open("ed25519");
  ASSERT_TRUE(p256 && ed25519);
  EXPECT_EQ(p256->key().kind(), KeyKind::kP256);
  EXPECT_EQ(ed25519->key().kind(), KeyKind::kEd25519);
  for (Signer* const signer : {p256.get(), ed25519.get()}) {
    for (const std::string& message :
         {std::string(), std::string("message"), std::string(9999, 'x')}) {
      const auto signature = signer->Sign(message);
      ASSERT_TRUE(signature) << signature.error().message;
      EXPECT_TRUE(signer->key().Verify(message, *signature));
      EXPECT_FALSE(signer->key().Verify(message + "x", *signature));
    }
  }
  // The same key again: another process that has the PIN, or this one after a new start.
  EXPECT_EQ(Open("p256")->key(), p256->key());
}

TEST_F(TokenTest, SignsForSeveralThreads) {
  tokens_.MakeKey("farm", "p256", kP256);
  const auto signer = Open("p256");
  ASSERT_TRUE(signer);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&signer, i] {
      for (int j = 0; j < 25; ++j) {
        const std::string message = std::to_string(i * 100 + j);
        const auto signature = signer->Sign(message);
        EXPECT_TRUE(signature && signer->key().Verify(message, *signature));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(TokenTest, SaysWhatIsWrongAndWhatToDo) {
  tokens_.MakeKey("farm", "p256", kP256);
  tokens_.MakeKey("farm", "rsa", "rsa:2048");
  tokens_.MakeKey("farm", "p384", "EC:secp384r1");
  tokens_.MakeKey("farm", "twice", kP256, {"--id", "01"});
  tokens_.MakeKey("farm", "twice", kP256, {"--id", "02"});
  tokens_.MakeKey("farm", "leaves", kP256, {"--extractable"});
  const std::string no_pin =
      "pkcs11:token=farm;object=p256?module-path=" + std::string(SoftTokens::kModule);
  const std::string in_module = "pkcs11:token=farm;object=p256?module-path=";
  struct Case {
    std::string key;
    ErrorCode code;
    ExitCode exit;
    std::vector<const char*> words;
  };
  const Case cases[] = {
      {in_module + "/none.so",
       ErrorCode::kUnavailable,
       ExitCode::kUnavailable,
       {"/none.so", "install the library"}},
      {in_module + "/bin/true", ErrorCode::kUnavailable, ExitCode::kUnavailable, {"/bin/true"}},
      {in_module + "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
       ErrorCode::kInvalidInput,
       ExitCode::kUsage,
       {"libcrypto", "not a PKCS#11 module"}},
      {tokens_.Key("other", "p256"),
       ErrorCode::kUnavailable,
       ExitCode::kUnavailable,
       {"no such token", "\"farm\""}},
      {tokens_.Key("farm", "p256", ";serial=0"),
       ErrorCode::kUnavailable,
       ExitCode::kUnavailable,
       {"with that serial"}},
      {tokens_.Key("farm", "none"),
       ErrorCode::kNotFound,
       ExitCode::kInputMissing,
       {"no such private key", "\"p256\"", "correct object"}},
      {tokens_.Key("farm", "twice"),
       ErrorCode::kInvalidInput,
       ExitCode::kUsage,
       {"2 private keys", ";id="}},
      {tokens_.Key("farm", "twice", ";id=%03"),
       ErrorCode::kNotFound,
       ExitCode::kInputMissing,
       {"with that id"}},
      {tokens_.Key("farm", "rsa"),
       ErrorCode::kInvalidInput,
       ExitCode::kUsage,
       {"want P-256", "Ed25519"}},
      {tokens_.Key("farm", "p384"),
       ErrorCode::kInvalidInput,
       ExitCode::kUsage,
       {"its curve is not P-256"}},
      {tokens_.Key("farm", "leaves"),
       ErrorCode::kInvalidInput,
       ExitCode::kUsage,
       {"can be taken out"}},
      {no_pin, ErrorCode::kInvalidInput, ExitCode::kUsage, {"wants a PIN", "0600", "pin-source"}},
      {no_pin + "&pin-source=/none",
       ErrorCode::kNotFound,
       ExitCode::kInputMissing,
       {"PIN file /none"}},
  };
  for (const Case& one : cases) {
    const Error error = ErrorOf(one.key);
    EXPECT_EQ(error.code, one.code) << error.message;
    EXPECT_EQ(error.Exit(), one.exit) << error.message;
    for (const char* words : one.words) EXPECT_TRUE(Has(error.message, words)) << error.message;
  }
  EXPECT_TRUE(OpenSigner(tokens_.Key("farm", "twice", ";id=%02")));
}

TEST_F(TokenTest, TwoTokensOfOneLabelAreToldApartByTheirSerials) {
  tokens_.MakeKey("farm", "p256", kP256);
  tokens_.AddToken("farm");
  const Error error = ErrorOf(tokens_.Key("farm", "p256"));
  EXPECT_EQ(error.code, ErrorCode::kInvalidInput);
  EXPECT_TRUE(Has(error.message, "2 tokens have this label; add ;serial=")) << error.message;
  int found = 0;
  const TokenModule module = TokenModule::Load(std::string(SoftTokens::kModule)).value();
  const std::vector<TokenModule::Slot> slots = module.Slots().value();
  for (const TokenModule::Slot& slot : slots) {
    EXPECT_TRUE(Has(error.message, slot.serial)) << error.message;
    found += OpenSigner(tokens_.Key("farm", "p256", ";serial=" + slot.serial)) ? 1 : 0;
  }
  EXPECT_EQ(found, 1);
}

TEST_F(TokenTest, ThePinsFileIsItsOwners) {
  tokens_.MakeKey("farm", "p256", kP256);
  ASSERT_EQ(chmod(tokens_.pin_file().c_str(), 0644), 0);
  const Error open_to_others = ErrorOf(tokens_.Key("farm", "p256"));
  EXPECT_EQ(open_to_others.Exit(), ExitCode::kRefused);
  EXPECT_TRUE(Has(open_to_others.message, "chmod 600")) << open_to_others.message;
  for (const std::string& pin :
       {std::string(), std::string("\n"), std::string(kPinBytesMax + 1, '1')}) {
    tokens_.WritePin(pin);
    EXPECT_EQ(ErrorOf(tokens_.Key("farm", "p256")).code, ErrorCode::kInvalidInput);
  }
  tokens_.WritePin(SoftTokens::kPin);  // without a newline
  EXPECT_TRUE(OpenSigner(tokens_.Key("farm", "p256")));
}

TEST_F(TokenTest, AWrongPinIsRefusedAndNotRepeated) {
  tokens_.MakeKey("farm", "p256", kP256);
  tokens_.WritePin("wrong-0815\n");
  const Error error = ErrorOf(tokens_.Key("farm", "p256"));
  EXPECT_EQ(error.Exit(), ExitCode::kRefused);
  EXPECT_TRUE(Has(error.message, "CKR_PIN_INCORRECT")) << error.message;
  EXPECT_TRUE(Has(error.message, "correct " + tokens_.pin_file())) << error.message;
  EXPECT_FALSE(Has(error.message, "wrong-0815"));
}

TEST_F(TokenTest, LogsInAgainWhenItsSessionHasEnded) {
  tokens_.MakeKey("farm", "p256", kP256);
  tokens_.MakeKey("farm", "ed25519", kEd25519);
  const auto p256 = Open("p256");
  const auto ed25519 = Open("ed25519");
  ASSERT_TRUE(p256 && ed25519);
  EndAllSessions();
  for (Signer* const signer : {p256.get(), ed25519.get()}) {
    const auto signature = signer->Sign("message");
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_TRUE(signer->key().Verify("message", *signature));
  }
}

TEST_F(TokenTest, APinThatHasChangedIsTriedOnceUntilItIsCorrected) {
  tokens_.MakeKey("farm", "p256", kP256);
  const auto signer = Open("p256");
  ASSERT_TRUE(signer);
  tokens_.WritePin("wrong-0815\n");
  EndAllSessions();
  const auto first = signer->Sign("message");
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().Exit(), ExitCode::kRefused);
  EXPECT_TRUE(Has(first.error().message, "CKR_PIN_INCORRECT")) << first.error().message;
  const auto second = signer->Sign("message");
  ASSERT_FALSE(second);
  EXPECT_TRUE(Has(second.error().message, "(as before)")) << second.error().message;
  tokens_.WritePin(SoftTokens::kPin);
  EXPECT_TRUE(signer->Sign("message"));
}

TEST_F(TokenTest, AnotherKeyUnderItsNameIsNotTheOneThatWasOpened) {
  tokens_.MakeKey("farm", "p256", kP256);
  const auto signer = Open("p256");
  ASSERT_TRUE(signer);
  tokens_.DeleteKey("farm", "p256");
  tokens_.MakeKey("farm", "p256", kP256);
  EndAllSessions();
  const auto signature = signer->Sign("message");
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().code, ErrorCode::kUntrusted);
  EXPECT_TRUE(Has(signature.error().message, "another key")) << signature.error().message;
}

TEST_F(TokenTest, ADeletedKeySignsNothing) {
  tokens_.MakeKey("farm", "p256", kP256);
  const auto signer = Open("p256");
  ASSERT_TRUE(signer);
  tokens_.DeleteKey("farm", "p256");
  EndAllSessions();
  EXPECT_EQ(signer->Sign("message").error().code, ErrorCode::kNotFound);
}

TEST_F(TokenTest, ASignatureThatDoesNotVerifyIsNotGivenOut) {
  tokens_.MakeKey("farm", "p256", kP256, {"--id", "01"});
  tokens_.DeletePublicKey("farm", "p256");
  const Error alone = ErrorOf(tokens_.Key("farm", "p256"));
  EXPECT_EQ(alone.code, ErrorCode::kInvalidInput);
  EXPECT_TRUE(Has(alone.message, "0 public keys")) << alone.message;
  // Another's public half lies beside it.
  const PublicKey other = PrivateKey::Generate(KeyKind::kP256).public_key();
  tokens_.AddPublicKey("farm", "p256", "01", other.spki());
  const auto signer = Open("p256");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->key(), other);
  const auto signature = signer->Sign("message");
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().Exit(), ExitCode::kBadSignature);
}

TEST_F(TokenTest, AnAuthorityInATokenIssuesLeaves) {
  const PrivateKey authority_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority =
      IssueAuthority(authority_key, "dev-a", "dev-a CA", kNow, 366 * kDaySeconds);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), tokens_.Path("ca.pem"), authority.Pem()));
  tokens_.ImportKey("farm", "ca", authority_key.Pem());
  tokens_.MakeKey("farm", "transparency", kP256, {"--id", "02"});
  tokens_.MakeKey("farm", "site", kP256, {"--id", "03"});
  const FixedClock clock(kNow);
  const AuthorityFiles files{tokens_.Path("ca.pem"), tokens_.Key("farm", "ca"),
                             tokens_.Key("farm", "transparency")};
  const CertifiedIdentity identity{"https://a.example/site-xa", "site-xa"};
  const auto signer = CertifiedSigner::Open(Open("site"), files, identity, clock);
  ASSERT_TRUE(signer) << signer.error().message;
  EXPECT_TRUE(CheckSigningChain(*(*signer)->Leaf(), {authority}, kNow));
  Request request;
  request.product = "zlib";
  request.version = "1";
  request.requester = "requester-1";
  request.created = kNow;
  const auto bundle = SignStatement(Statement(request), **signer);
  ASSERT_TRUE(bundle) << bundle.error().message;
  EXPECT_TRUE(bundle->key().Verify(bundle->envelope.PaeBytes(), bundle->envelope.signature));

  // A CA whose certificate is another's.
  const AuthorityFiles mixed{files.certificate, files.transparency_key, files.transparency_key};
  const auto wrong = CertifiedSigner::Open(Open("site"), mixed, identity, clock);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidInput);
}

TEST(TokenFlags, ALockedTokenAndOneThatIsNearlySoAreLeftAlone) {
  TokenKeyName name;
  name.token = "farm";
  name.object = "site";
  name.module = "/m.so";
  name.pin_file = "/etc/farm/pin";
  const CK_FLAGS good = CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_COUNT_LOW;
  EXPECT_TRUE(CheckMayLogIn(good, name));
  const std::pair<CK_FLAGS, const char*> cases[] = {
      {good | CKF_USER_PIN_LOCKED, "the token is locked after wrong PINs; its security officer"},
      {good | CKF_USER_PIN_FINAL_TRY, "one wrong PIN more locks the token"},
      {CKF_LOGIN_REQUIRED, "no user PIN yet"},
  };
  for (const auto& [flags, words] : cases) {
    const Status status = CheckMayLogIn(flags, name);
    ASSERT_FALSE(status) << words;
    EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
    EXPECT_TRUE(Has(status.error().message, words)) << status.error().message;
  }
}

}  // namespace
}  // namespace farm
