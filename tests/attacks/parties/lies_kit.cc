// Who makes the kit can put anything into it: a regulator reads it with a root of his own.
#include <algorithm>

#include "farm/crypto/hash.h"
#include "farm/replay/kit.h"
#include "farm/store/archive.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/kit_example.h"

namespace farm {
namespace {

using Members = std::vector<TarMember>;

// A kit and a place to read it.
class Kits {
 public:
  explicit Kits(const DraftHook& evidence)
      : example_(MakeKitExample(*store_, {.hook = evidence})) {}
  const KitExample& example() const { return example_; }

  Members Good() {
    std::string bytes;
    CHECK(WriteKit(example_.input, *store_, [&](std::string_view piece) -> Status {
            bytes += piece;
            return {};
          }).has_value());
    const std::string path = JoinPath(temporary_.path(), "good.farmkit");
    CHECK(WriteDurably(RealFileSystem(), path, bytes).has_value());
    Members members;
    CHECK(ReadArchive(path, [&](const ArchiveEntry& entry, const EntryContent& content) {
            members.push_back({entry.path, entry.executable, "", ""});
            return content([&](std::string_view piece) -> Status {
              members.back().bytes += piece;
              return {};
            });
          }).has_value());
    return members;
  }
  // As a regulator takes it: the kit as such, then its evidence by his own root; `rebuilt` is what
  // the build of it gave.
  Stop Read(const Members& members, const std::string& rebuilt) {
    std::string bytes;
    CHECK(WriteTar(members, 1, [&](std::string_view piece) -> Status {
            bytes += piece;
            return {};
          }).has_value());
    const std::string path = JoinPath(temporary_.path(), "read.farmkit");
    CHECK(WriteDurably(RealFileSystem(), path, bytes).has_value());
    const auto regulators = BlobStore::Open(RealFileSystem(), path + ".store");
    CHECK(regulators.has_value());
    const auto kit = ReadKit(path, **regulators);
    if (!kit) return {"regulator", kit.error().Exit(), kit.error().message};
    VerdictInput input;
    const auto lines = ParseBundleFile(kit->input.bundle_file, "evidence");
    if (!lines) return {"regulator", lines.error().Exit(), lines.error().message};
    input.lines = *lines;
    input.root = *ParseTrustRoot(example_.root, "the regulator's root");
    input.policy = *ParsePolicy(example_.policy, "the regulator's policy");
    input.at = example_.now;
    input.allow_development_root = true;
    const Verdict verdict = JudgeRelease(input, {{"shout.txt", Sha256(rebuilt), rebuilt.size()}});
    if (verdict.proved()) return {"nobody", ExitCode::kProved, "the kit was taken"};
    return {"regulator", verdict.exit, ExplainVerdict(verdict)};
  }

 private:
  TemporaryDirectory temporary_ =
      *TemporaryDirectory::Make(FileExists("/dev/shm") ? "/dev/shm" : "");
  std::unique_ptr<BlobStore> store_ =
      *BlobStore::Open(RealFileSystem(), JoinPath(temporary_.path(), "store"));
  const KitExample example_;
};

TarMember& Find(Members& members, const std::string& prefix) {
  const auto found = std::ranges::find_if(
      members, [&](const TarMember& one) { return one.name.starts_with(prefix); });
  CHECK(found != members.end());
  return *found;
}

void Nothing(LineDraft&) {}

Lie KitLie(std::string name, std::function<void(Kits&, Members&)> bend, ExitCode exit,
           std::string words) {
  Lie lie = {.party = "kit maker", .name = std::move(name)};
  lie.with_evidence = [bend = std::move(bend)](const DraftHook& evidence) {
    Kits kits(evidence);
    Members members = kits.Good();
    bend(kits, members);
    return kits.Read(members, "HELLO\n");
  };
  lie.scene = [told = lie.with_evidence] { return told(Nothing); };
  lie.caught = {"regulator", exit, std::move(words)};
  lie.why_not = "the customer uses no kit";
  return lie;
}

std::function<void(Kits&, Members&)> Changed(const std::string& prefix) {
  return [prefix](Kits&, Members& members) {
    std::string& bytes = Find(members, prefix).bytes;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  };
}

}  // namespace

std::vector<Lie> LiesOfKitMakers() {
  const auto members_of_another_farm = [](Kits&, Members& members) {
    Kits other(Nothing);
    for (TarMember& theirs : other.Good()) {
      if (theirs.name.starts_with("evidence/")) Find(members, theirs.name).bytes = theirs.bytes;
    }
  };
  return {
      KitLie("puts_another_package_in", Changed("packages/"), ExitCode::kInputMissing, "package"),
      KitLie("puts_another_source_in", Changed("sources/"), ExitCode::kInputMissing, "source"),
      KitLie(
          "puts_another_lock_in",
          [](Kits&, Members& members) { Find(members, "lock.json").bytes += "\n"; },
          ExitCode::kUsage, "lock"),
      KitLie(
          "leaves_a_source_out",
          [](Kits&, Members& members) {
            std::erase_if(members,
                          [](const TarMember& one) { return one.name.starts_with("sources/"); });
          },
          ExitCode::kInputMissing, "source"),
      KitLie(
          "puts_a_member_more_in",
          [](Kits&, Members& members) {
            members.push_back({"zz", false, "", "more"});
          },
          ExitCode::kUsage, "zz"),
      KitLie("brings_evidence_and_root_of_its_own", members_of_another_farm,
             ExitCode::kBadSignature, "identities"),
      KitLie(
          "changes_the_evidence",
          [](Kits&, Members& members) {
            std::string& text = Find(members, "evidence/release").bytes;
            text = text.substr(0, text.find('\n', text.find('\n') + 1) + 1);
          },
          ExitCode::kApproval, "lines"),
  };
}

}  // namespace farm
