// What cannot stand beside each other in a log, and what can.
#include "farm/witness/contradictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<Artifact> kFiles = {{"hello", Sha256("hello"), 5, "0644"},
                                      {"manual", Sha256("manual"), 6, "0644"}};

Release ReleaseOf(const std::string& version, std::int64_t sequence) {
  Release release;
  release.artifacts = kFiles;
  release.manifest = TestManifest({.version = version});
  release.sequence = sequence;
  return release;
}

Record RecordOf(const std::string& version, const std::string& builder) {
  Record record;
  record.builder = builder;
  record.intent = Sha256("intent");
  record.manifest = Sha256(TestManifest({.version = version}));
  record.result = BuildResult::kSucceeded;
  record.outputs = kFiles;
  return record;
}

Dissent DissentOf(const std::string& version) {
  Dissent dissent;
  dissent.manifest = Sha256(TestManifest({.version = version}));
  return dissent;
}

// A log of statements, each another one.
class Log {
 public:
  std::vector<std::string> Add(const Statement& statement) {
    const std::uint64_t index = next_++;
    return contradictions_.Add({index, Sha256(std::to_string(index)), "somebody"}, statement);
  }
  // Of an entry that was there before, or could not be read then.
  std::vector<std::string> AddAt(std::uint64_t index, const Statement& statement) {
    return contradictions_.Add({index, Sha256(std::to_string(index)), "somebody"}, statement);
  }

 private:
  Contradictions contradictions_;
  std::uint64_t next_ = 0;
};

TEST(Contradictions, AGoodLogHasNone) {
  Log log;
  for (const char* site : {"a", "b"}) EXPECT_THAT(log.Add(RecordOf("1.0", site)), IsEmpty());
  EXPECT_THAT(log.Add(ReleaseOf("1.0", 1)), IsEmpty());
  // A late one under another intent, of the same bytes.
  Record late = RecordOf("1.0", "a");
  late.intent = Sha256("another");
  EXPECT_THAT(log.Add(late), IsEmpty());
  EXPECT_THAT(log.Add(ReleaseOf("1.1", 2)), IsEmpty());
  EXPECT_THAT(log.Add(DissentOf("1.2")), IsEmpty());
  Record failed = RecordOf("1.3", "a");
  failed.intent = Sha256("a third");
  failed.result = BuildResult::kFailed;
  failed.outputs.clear();
  EXPECT_THAT(log.Add(failed), IsEmpty());
}

TEST(Contradictions, TheSameStatementSignedAgainIsNone) {
  Log log;
  log.Add(RecordOf("1.0", "a"));
  log.Add(ReleaseOf("1.0", 1));
  EXPECT_THAT(log.AddAt(0, RecordOf("1.0", "a")), IsEmpty());
  EXPECT_THAT(log.AddAt(1, ReleaseOf("1.0", 1)), IsEmpty());
}

TEST(Contradictions, ASequenceIsGivenOnceAndGrows) {
  Log log;
  log.Add(ReleaseOf("1.0", 2));
  EXPECT_THAT(log.Add(ReleaseOf("1.1", 2)),
              ElementsAre(HasSubstr("sequence 2, though entry 0 by somebody has 2")));
  EXPECT_THAT(log.Add(ReleaseOf("1.2", 1)), ElementsAre(HasSubstr("sequence 1")));
  EXPECT_THAT(log.Add(ReleaseOf("1.3", 3)), IsEmpty());
  // Of another product it says nothing.
  Release other = ReleaseOf("1.0", 1);
  other.manifest = TestManifest({.product = "other"});
  EXPECT_THAT(log.Add(other), IsEmpty());
}

TEST(Contradictions, APayloadThatComesLateIsJudgedByItsPlace) {
  Log log;
  log.AddAt(9, ReleaseOf("1.2", 3));
  EXPECT_THAT(log.AddAt(3, ReleaseOf("1.0", 1)), IsEmpty());
  EXPECT_THAT(log.AddAt(5, ReleaseOf("1.1", 2)), IsEmpty());
  EXPECT_THAT(log.AddAt(4, ReleaseOf("1.3", 4)), ElementsAre(HasSubstr("sequence 4, though")));
}

TEST(Contradictions, AVersionIsReleasedOnce) {
  Log log;
  log.Add(ReleaseOf("1.0", 1));
  Release bytes = ReleaseOf("1.0", 2);
  bytes.artifacts[0].digest = Sha256("other");
  EXPECT_THAT(log.Add(bytes), ElementsAre(HasSubstr("another release of hello 1.0")));
  Release recipe = ReleaseOf("1.0", 3);
  recipe.manifest = TestManifest({.version = "1.0", .requires_sites = 2});
  EXPECT_THAT(log.Add(recipe), ElementsAre(HasSubstr("another release of hello 1.0")));
}

TEST(Contradictions, NothingIsReleasedOfWhichThereIsADissent) {
  Log log;
  log.Add(DissentOf("1.0"));
  EXPECT_THAT(log.Add(ReleaseOf("1.0", 1)), ElementsAre(HasSubstr("a dissent, entry 0")));
  Log other;
  other.Add(ReleaseOf("1.0", 1));
  EXPECT_THAT(other.Add(DissentOf("1.0")), ElementsAre(HasSubstr("a release, entry 0")));
}

TEST(Contradictions, NoRecordOfWhatIsReleasedSaysSomethingElse) {
  Record lie = RecordOf("1.0", "b");
  lie.outputs[1].digest = Sha256("other");
  Record failed = RecordOf("1.0", "b");
  failed.result = BuildResult::kFailed;
  for (const Record& differs : {lie, failed}) {
    Log log;
    log.Add(RecordOf("1.0", "a"));
    log.Add(differs);
    EXPECT_THAT(log.Add(ReleaseOf("1.0", 1)), ElementsAre(HasSubstr("something else, entry 1")));
    Log late;
    late.Add(ReleaseOf("1.0", 1));
    EXPECT_THAT(late.Add(differs), ElementsAre(HasSubstr("something else than its release")));
  }
}

TEST(Contradictions, ABuilderHasOneRecordUnderAnIntent) {
  Log log;
  log.Add(RecordOf("1.0", "a"));
  Record second = RecordOf("1.0", "a");
  second.finished = 7;
  EXPECT_THAT(log.Add(second), ElementsAre(HasSubstr("a second record of a")));
}

TEST(Contradictions, AReleaseWithoutAReadableManifestIsOne) {
  Log log;
  Release release = ReleaseOf("1.0", 1);
  release.manifest = "{}";
  EXPECT_THAT(log.Add(release), ElementsAre(HasSubstr("manifest does not read")));
}

}  // namespace
}  // namespace farm
