#include "farm/evidence/note.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

const std::string kDash = "\xe2\x80\x94 ";
constexpr char kName[] = "log.farm.example";

class Signed : public testing::Test {
 protected:
  Signed() {
    note_.text = CheckpointText({kName, 7, Sha256("root")});
    note_.signatures = {SignNote(note_.text, kName, log_), SignNote(note_.text, kName, ecdsa_),
                        Cosign(note_.text, "w/1", witness_, 1'800'000'000)};
  }
  PrivateKey log_ = PrivateKey::Generate(KeyKind::kEd25519);
  PrivateKey ecdsa_ = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey witness_ = PrivateKey::Generate(KeyKind::kEd25519);
  Note note_;
};

TEST_F(Signed, ComesBackAsWritten) {
  const std::string bytes = WriteNote(note_);
  const auto read = ParseNote(bytes);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteNote(*read), bytes);
  EXPECT_TRUE(CheckNoteSignature(*read, kName, log_.public_key()).has_value());
  EXPECT_TRUE(CheckNoteSignature(*read, kName, ecdsa_.public_key()).has_value());
  EXPECT_EQ(*CheckCosignature(*read, "w/1", witness_.public_key()), 1'800'000'000);
  const auto checkpoint = ParseCheckpoint(read->text);
  ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->origin, kName);
  EXPECT_EQ(checkpoint->size, 7u);
  EXPECT_EQ(checkpoint->root, Sha256("root"));
}

TEST_F(Signed, IsRefusedUnderAnotherNameKeyOrText) {
  const PublicKey other = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  EXPECT_EQ(CheckNoteSignature(note_, kName, other).error().Exit(), ExitCode::kLogProof);
  EXPECT_FALSE(CheckNoteSignature(note_, "other", log_.public_key()).has_value());
  EXPECT_EQ(CheckCosignature(note_, "w/1", other).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(CheckCosignature(note_, "w/2", witness_.public_key()).error().code,
            ErrorCode::kNotFound);
  note_.text = CheckpointText({kName, 8, Sha256("root")});
  EXPECT_FALSE(CheckNoteSignature(note_, kName, log_.public_key()).has_value());
  EXPECT_EQ(CheckCosignature(note_, "w/1", witness_.public_key()).error().Exit(),
            ExitCode::kWitnesses);
}

TEST_F(Signed, OneBadSignatureSpoilsAGoodOneOfTheSameKey) {
  note_.signatures.push_back(note_.signatures[0]);
  EXPECT_TRUE(CheckNoteSignature(note_, kName, log_.public_key()).has_value());
  note_.signatures.back().signature[0] ^= 1;
  EXPECT_FALSE(CheckNoteSignature(note_, kName, log_.public_key()).has_value());
}

TEST_F(Signed, CosignatureCannotBeMovedInTime) {
  NoteSignature& line = note_.signatures[2];
  line.signature = BigEndian64(1'700'000'000) + line.signature.substr(8);
  EXPECT_EQ(CheckCosignature(note_, "w/1", witness_.public_key()).error().Exit(),
            ExitCode::kWitnesses);
}

TEST_F(Signed, OneWitnessWithTwoTimesIsRefused) {
  note_.signatures.push_back(Cosign(note_.text, "w/1", witness_, 1'800'000'001));
  EXPECT_EQ(CheckCosignature(note_, "w/1", witness_.public_key()).error().code,
            ErrorCode::kUntrusted);
}

TEST_F(Signed, CosignatureIsOfATimeInTheCalendar) {
  const struct {
    const char* name;
    UnixSeconds time;
    bool good;
  } kRows[] = {
      {"last_second_of_9999", kUnixSecondsMax, true},
      {"one_past_it", kUnixSecondsMax + 1, false},
      {"two_to_the_62", UnixSeconds{1} << 62, false},
      {"int64_max", INT64_MAX, false},
  };
  for (const auto& row : kRows) {
    note_.signatures[2] = Cosign(note_.text, "w/1", witness_, row.time);
    const auto time = CheckCosignature(note_, "w/1", witness_.public_key());
    EXPECT_EQ(time ? ExitCode::kProved : time.error().Exit(),
              row.good ? ExitCode::kProved : ExitCode::kWitnesses)
        << row.name;
  }
}

TEST_F(Signed, LogSignatureIsNoCosignature) {
  note_.signatures[2] = SignNote(note_.text, "w/1", witness_);
  EXPECT_EQ(CheckCosignature(note_, "w/1", witness_.public_key()).error().code,
            ErrorCode::kNotFound);
}

TEST(Note, RefusesWhatIsNone) {
  const std::string text = "a\nb\n";
  const std::string line = kDash + "name AAAAAAA=\n";
  const struct {
    std::string name, bytes;
  } kRows[] = {
      {"empty", ""},
      {"no_blank_line", text + line},
      {"no_signature", text + "\n"},
      {"no_dash", text + "\nname AAAAAAA=\n"},
      {"no_name", text + "\n" + kDash + "AAAAAAA=\n"},
      {"plus_in_name", text + "\n" + kDash + "na+me AAAAAAA=\n"},
      {"not_base64", text + "\n" + kDash + "name AAAA*AA=\n"},
      {"only_a_hint", text + "\n" + kDash + "name AAAAAA==\n"},
      {"no_last_newline", text + "\n" + kDash + "name AAAAAAA="},
      {"carriage_return", "a\r\n\n" + line},
      {"nul", std::string("a\0\n\n", 4) + line},
      {"not_utf8", "\xff\n\n" + line},
      {"text_behind", text + "\n" + line + "x"},
  };
  EXPECT_TRUE(ParseNote(text + "\n" + line).has_value());
  for (const auto& row : kRows) {
    const auto note = ParseNote(row.bytes);
    ASSERT_FALSE(note.has_value()) << row.name;
    EXPECT_EQ(note.error().code, ErrorCode::kInvalidInput) << row.name;
  }
}

TEST(Note, HasLimits) {
  std::string note = "a\n\n";
  for (std::size_t i = 0; i < kNoteSignaturesMax; ++i) note += kDash + "name AAAAAAA=\n";
  EXPECT_TRUE(ParseNote(note).has_value());
  EXPECT_EQ(ParseNote(note + kDash + "name AAAAAAA=\n").error().code, ErrorCode::kLimitExceeded);
  const std::string end = "\n\n" + kDash + "name AAAAAAA=\n";
  EXPECT_TRUE(ParseNote(std::string(kNoteBytesMax - end.size(), 'a') + end).has_value());
  EXPECT_EQ(ParseNote(std::string(kNoteBytesMax - end.size() + 1, 'a') + end).error().code,
            ErrorCode::kLimitExceeded);
}

TEST(Checkpoint, RefusesWhatIsNone) {
  const std::string root = Base64Encode(Sha256("").bytes());
  EXPECT_TRUE(ParseCheckpoint("o\n0\n" + root + "\n").has_value());
  EXPECT_TRUE(ParseCheckpoint("o\n0\n" + root + "\nextension\n").has_value());
  for (const std::string& text :
       std::vector<std::string>{"", "o\n0\n" + root, "\n0\n" + root + "\n", "o\n00\n" + root + "\n",
                                "o\n-1\n" + root + "\n", "o\n9223372036854775808\n" + root + "\n",
                                "o\n0\nAAAA\n", "o\n0\n" + root + "\n\n", "o\n0\n"}) {
    EXPECT_FALSE(ParseCheckpoint(text).has_value()) << text;
  }
}

// What is remembered of a log is JSON: a size that was read can be written there.
TEST(Checkpoint, HasASizeThatJsonCanSay) {
  EXPECT_EQ(kTreeSizeMax, static_cast<std::uint64_t>(kJsonIntegerMax));
  const Checkpoint largest{"o", kTreeSizeMax, Sha256("")};
  const auto read = ParseCheckpoint(CheckpointText(largest));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->size, kTreeSizeMax);
  EXPECT_EQ(WriteCanonicalJson(Json(read->size)), "9007199254740991");
  for (const std::uint64_t size :
       {kTreeSizeMax + 1, static_cast<std::uint64_t>(INT64_MAX), UINT64_MAX}) {
    const auto refused = ParseCheckpoint(CheckpointText({"o", size, Sha256("")}));
    ASSERT_FALSE(refused.has_value()) << size;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput) << size;
    EXPECT_EQ(refused.error().message, "checkpoint: size " + std::to_string(size) +
                                           " is beyond 2^53-1, the largest that is read");
  }
}

// From the signed-note and tlog-cosignature specifications: what a hint is the hash of.
TEST(KeyHint, FollowsTheSpecification) {
  const PublicKey key = *PublicKey::FromEd25519(std::string(32, '\7'));
  const std::string raw(32, '\7');
  EXPECT_EQ(NoteKeyHint("n", key),
            std::string(Sha256(std::string("n\n\1") + raw).bytes().substr(0, 4)));
  EXPECT_EQ(CosignatureKeyHint("n", key),
            std::string(Sha256(std::string("n\n\4") + raw).bytes().substr(0, 4)));
  const PublicKey ecdsa = PrivateKey::Generate(KeyKind::kP256).public_key();
  EXPECT_EQ(NoteKeyHint("n", ecdsa), std::string(Sha256(ecdsa.spki()).bytes().substr(0, 4)));
}

}  // namespace
}  // namespace farm
