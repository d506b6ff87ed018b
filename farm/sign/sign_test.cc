#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/secret_file.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'700'000'000;
constexpr std::int64_t kYear = 366 * kDaySeconds;

Statement SomeRequest() {
  Request request;
  request.manifest = Sha256("manifest");
  request.product = "zlib";
  request.version = "1";
  request.requester = "requester-1";
  request.created = kNow;
  return request;
}

class SignTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteSecret("authority.key", authority_key_.Pem());
    WriteSecret("transparency.key", PrivateKey::Generate(KeyKind::kP256).Pem());
    Write("authority.pem", authority_.Pem());
  }
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), text));
  }
  void WriteSecret(const std::string& name, const std::string& text) {
    Write(name, text);
    ASSERT_EQ(chmod(Path(name).c_str(), 0600), 0);
  }
  AuthorityFiles Files() const {
    return {Path("authority.pem"), Path("authority.key"), Path("transparency.key")};
  }
  Result<std::unique_ptr<CertifiedSigner>> Open(KeyKind kind = KeyKind::kP256) {
    return CertifiedSigner::Open(NewMemorySigner(PrivateKey::Generate(kind)), Files(),
                                 {"https://a.example/site-xa", "site-xa"}, clock_);
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  FixedClock clock_{kNow};
  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ =
      IssueAuthority(authority_key_, "dev-a", "dev-a CA", kNow - 3600, kYear);
};

TEST_F(SignTest, AFileSignerSignsAndGuardsItsFile) {
  for (const KeyKind kind : {KeyKind::kP256, KeyKind::kEd25519}) {
    const PrivateKey key = PrivateKey::Generate(kind);
    WriteSecret("a.key", key.Pem());
    auto signer = OpenFileSigner(Path("a.key"));
    ASSERT_TRUE(signer) << signer.error().message;
    EXPECT_EQ((*signer)->key(), key.public_key());
    EXPECT_TRUE(key.public_key().Verify("message", *(*signer)->Sign("message")));
    EXPECT_FALSE(key.public_key().Verify("other", *(*signer)->Sign("message")));
  }
  ASSERT_EQ(chmod(Path("a.key").c_str(), 0640), 0);
  auto open_to_others = OpenFileSigner(Path("a.key"));
  ASSERT_FALSE(open_to_others);
  EXPECT_EQ(open_to_others.error().Exit(), ExitCode::kRefused);
  EXPECT_EQ(OpenFileSigner(Path("none")).error().code, ErrorCode::kNotFound);
  WriteSecret("bad.key", "no key");
  EXPECT_EQ(OpenFileSigner(Path("bad.key")).error().code, ErrorCode::kInvalidInput);
}

TEST_F(SignTest, ReadsAKeyFromARegularFileOfItsOwnersOnly) {
  WriteSecret("a.key", PrivateKey::Generate(KeyKind::kP256).Pem());
  EXPECT_TRUE(OpenSigner(Path("a.key")));
  for (const mode_t mode : {0640, 0620, 0610, 0604, 0602, 0601}) {
    ASSERT_EQ(chmod(Path("a.key").c_str(), mode), 0);
    const auto signer = OpenSigner(Path("a.key"));
    ASSERT_FALSE(signer) << std::oct << mode;
    EXPECT_EQ(signer.error().Exit(), ExitCode::kRefused);
    EXPECT_NE(signer.error().message.find("chmod 600 " + Path("a.key")), std::string::npos);
  }
  // What a link leads to is what is looked at.
  ASSERT_EQ(chmod(Path("a.key").c_str(), 0640), 0);
  ASSERT_EQ(symlink(Path("a.key").c_str(), Path("link.key").c_str()), 0);
  EXPECT_EQ(OpenSigner(Path("link.key")).error().Exit(), ExitCode::kRefused);
  ASSERT_EQ(chmod(Path("a.key").c_str(), 0400), 0);
  EXPECT_TRUE(OpenSigner(Path("link.key")));
  // Nobody writes to this pipe, and nobody waits.
  ASSERT_EQ(mkfifo(Path("pipe.key").c_str(), 0600), 0);
  EXPECT_EQ(OpenSigner(Path("pipe.key")).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(OpenSigner(temporary_.path()).error().code, ErrorCode::kInvalidInput);
  WriteSecret("large.key", std::string(kKeyFileBytesMax + 1, ' '));
  EXPECT_EQ(OpenSigner(Path("large.key")).error().code, ErrorCode::kLimitExceeded);
  WriteSecret("largest.key", std::string(kKeyFileBytesMax, ' '));
  EXPECT_EQ(OpenSigner(Path("largest.key")).error().code, ErrorCode::kInvalidInput);
}

TEST_F(SignTest, ASecretIsItsUsersOrRootsOrWhoseConfigurationNamesIt) {
  const uid_t self = geteuid();
  const std::vector<uid_t> owners = SecretOwners(std::nullopt);
  EXPECT_EQ(owners, self == 0 ? std::vector<uid_t>{0} : (std::vector<uid_t>{self, 0}));
  EXPECT_EQ(SecretOwners(self), owners);
  std::vector<uid_t> more = owners;
  more.push_back(self + 1);
  EXPECT_EQ(SecretOwners(self + 1), more);
}

// By the numbers of those who may own it; that these are asked for, secret_owner_test.cc shows.
TEST_F(SignTest, ReadsNoSecretThatIsAnothersFile) {
  WriteSecret("a.key", "secret");
  struct stat status = {};
  ASSERT_EQ(stat(Path("a.key").c_str(), &status), 0);
  const uid_t own = status.st_uid;
  const struct {
    std::string name;
    std::vector<uid_t> owners;
    std::string says;  // "": it is read
  } kRows[] = {
      {"own", {own}, ""},
      {"one_of_two", {own + 1, own}, ""},
      {"another_users", {own + 1}, "want user " + std::to_string(own + 1) + ";"},
      {"neither_of_two",
       {own + 1, own + 2},
       "want user " + std::to_string(own + 1) + " or user " + std::to_string(own + 2) + ";"},
  };
  for (const auto& row : kRows) {
    const auto secret = ReadSecretFileOf(row.owners, Path("a.key"), 100, "private key");
    ASSERT_EQ(secret.has_value(), row.says.empty()) << row.name;
    if (secret) continue;
    const std::string& message = secret.error().message;
    EXPECT_EQ(secret.error().Exit(), ExitCode::kRefused) << row.name;
    EXPECT_TRUE(message.starts_with("private key " + Path("a.key") + ": belongs to ")) << message;
    EXPECT_NE(message.find(own == 0 ? "root" : "user " + std::to_string(own)), std::string::npos)
        << message;
    EXPECT_NE(message.find(row.says), std::string::npos) << message;
    EXPECT_NE(message.find("chown " + std::to_string(own + 1) + " " + Path("a.key")),
              std::string::npos)
        << message;
  }
}

TEST_F(SignTest, NoMessageHoldsAKey) {
  const std::string pem = PrivateKey::Generate(KeyKind::kP256).Pem();
  const std::string secret = pem.substr(pem.find('\n') + 1, 40);
  WriteSecret("cut.key", pem.substr(0, pem.size() / 2));
  WriteSecret("no_begin.key", pem.substr(1));
  WriteSecret("bent.key", pem.substr(0, 60) + "?" + pem.substr(61));
  Write("open.key", pem);
  ASSERT_EQ(chmod(Path("open.key").c_str(), 0644), 0);
  // The key itself, where its place belongs; also as a configuration makes a path of it.
  for (const std::string& key :
       {Path("cut.key"), Path("no_begin.key"), Path("bent.key"), Path("open.key"), pem,
        "/etc/farm/" + pem, "pkcs11:token=a;object=b?module-path=/m&pin-value=" + secret}) {
    const auto signer = OpenSigner(key);
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().message.find(secret), std::string::npos) << signer.error().message;
  }
}

TEST_F(SignTest, NoteLinesAreThoseOfEvidence) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  auto signer = NewMemorySigner(key);
  Note note{"log.farm.example\n0\nroot\n", {}};
  note.signatures.push_back(*SignNoteWith(*signer, note.text, "log.farm.example"));
  note.signatures.push_back(*CosignWith(*signer, note.text, "w1", kNow));
  EXPECT_TRUE(CheckNoteSignature(note, "log.farm.example", key.public_key()));
  EXPECT_EQ(*CheckCosignature(note, "w1", key.public_key()), kNow);
  auto wrong = NewMemorySigner(PrivateKey::Generate(KeyKind::kP256));
  EXPECT_FALSE(CosignWith(*wrong, note.text, "w1", kNow));
}

TEST_F(SignTest, ALeafCarriesTheBuilderIdAndChainsToTheAuthority) {
  auto signer = Open();
  ASSERT_TRUE(signer) << signer.error().message;
  const Certificate leaf = *(*signer)->Leaf();
  EXPECT_EQ(*leaf.UriName(), "https://a.example/site-xa");
  EXPECT_EQ(leaf.common_name(), "site-xa");
  EXPECT_EQ(leaf.public_key(), (*signer)->key());
  EXPECT_TRUE(CheckSigningChain(leaf, {authority_}, kNow));
  // The time stamp may come from a clock that is a little behind.
  EXPECT_TRUE(CheckSigningChain(leaf, {authority_}, kNow - kLeafBackdateSeconds));
  EXPECT_FALSE(CheckSigningChain(leaf, {authority_}, kNow + kLeafSeconds));
}

TEST_F(SignTest, RenewsWhenSixHoursRemain) {
  auto signer = Open();
  ASSERT_TRUE(signer);
  const Certificate first = *(*signer)->Leaf();
  clock_.Set(first.not_after() - kLeafRenewalSeconds);
  EXPECT_EQ(*(*signer)->Leaf(), first);
  clock_.Set(first.not_after() - kLeafRenewalSeconds + 1);
  const Certificate second = *(*signer)->Leaf();
  EXPECT_FALSE(second == first);
  EXPECT_TRUE(CheckSigningChain(second, {authority_}, clock_.Now()));
}

TEST_F(SignTest, AnAuthorityThatHasEndedIssuesNothing) {
  auto signer = Open();
  ASSERT_TRUE(signer);
  clock_.Set(authority_.not_after() - 3600);  // shorter than a leaf's life
  EXPECT_LE((*signer)->Leaf()->not_after(), authority_.not_after());
  clock_.Set(authority_.not_after() + 1);
  auto leaf = (*signer)->Leaf();
  ASSERT_FALSE(leaf);
  EXPECT_EQ(leaf.error().Exit(), ExitCode::kNotValidThen);
  EXPECT_FALSE(Open());
}

TEST_F(SignTest, RefusesKeysThatDoNotFit) {
  EXPECT_EQ(Open(KeyKind::kEd25519).error().code, ErrorCode::kInvalidInput);
  WriteSecret("authority.key", PrivateKey::Generate(KeyKind::kP256).Pem());
  EXPECT_EQ(Open().error().code, ErrorCode::kInvalidInput);
}

TEST_F(SignTest, StatementsAreSignedByLeafOrByPerson) {
  auto certified = Open();
  ASSERT_TRUE(certified);
  const Bundle by_leaf = *SignStatement(SomeRequest(), **certified);
  EXPECT_TRUE(by_leaf.certificate);
  EXPECT_FALSE(by_leaf.timestamp);
  EXPECT_FALSE(by_leaf.log_entry);
  EXPECT_TRUE(by_leaf.key().Verify(by_leaf.envelope.PaeBytes(), by_leaf.envelope.signature));
  auto person = NewMemorySigner(PrivateKey::Generate(KeyKind::kP256));
  const Bundle by_person = *SignStatement(SomeRequest(), *person);
  EXPECT_FALSE(by_person.certificate);
  EXPECT_EQ(by_person.envelope.key_id, person->key().KeyId());
  const Bundle read = *ParseBundleLine(WriteBundleLine(by_person), "line");
  EXPECT_TRUE(read.key().Verify(read.envelope.PaeBytes(), read.envelope.signature));
  auto wrong = NewMemorySigner(PrivateKey::Generate(KeyKind::kEd25519));
  EXPECT_EQ(SignStatement(SomeRequest(), *wrong).error().code, ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace farm
