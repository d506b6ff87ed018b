// usage: make_trees DIRECTORY
// Writes pairs of published trees, DIRECTORY/<case>/before and after, with what a client of TUF
// that has followed `before` says of `after`, in the file `expected`: "accepted", or a pattern of
// the reason.  Clients of TUF have the day's clock, so the trees are of today.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

#include "farm/base/files.h"
#include "farm/ceremony/published_tree.h"
#include "farm/crypto/hash.h"
#include "farm/sign/signer.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr TufRole kMetadataRoles[] = {TufRole::kTargets, TufRole::kSnapshot, TufRole::kTimestamp};

class Trees {
 public:
  Trees(std::string directory, UnixSeconds now)
      : directory_(std::move(directory)),
        now_(now),
        maker_({.start = now - 30 * kDaySeconds, .development = false}) {
    for (std::int64_t sequence = 1; sequence <= 3; ++sequence) {
      releases_.push_back(maker_.Make([&](LineDraft& draft) {
        if (auto* release = std::get_if<Release>(&draft.statement)) release->sequence = sequence;
      }));
    }
    for (const char* name : {"first", "second", "third", "fourth", "timestamp", "snapshot",
                             "targets", "targets-2", "stranger"}) {
      const bool ecdsa = std::string_view(name) == "second" || std::string_view(name) == "snapshot";
      keys_.emplace(name, PrivateKey::Generate(ecdsa ? KeyKind::kP256 : KeyKind::kEd25519));
      signers_.emplace(name, NewMemorySigner(keys_.at(name)));
    }
    root_ = maker_.root();
    root_.root_keys = {Public("first"), Public("second"), Public("third")};
    root_.threshold = 2;
    root_.expires = now + 300 * kDaySeconds;
    root_.timestamp = {{Public("timestamp")}, 1};
    root_.snapshot = {{Public("snapshot")}, 1};
    root_.targets = {{Public("targets"), Public("targets-2")}, 2};
  }

  Status Write() {
    RETURN_IF_ERROR(Case("good", "accepted", [&](const std::string& tree) {
      return Publish(tree, now_, {SecondRoot(tree, {"first", "third"})}, 2);
    }));
    RETURN_IF_ERROR(Case("good-with-new-online-keys", "accepted", [&](const std::string& tree) {
      TrustRoot next = root_;
      next.timestamp = next.snapshot = {{Public("stranger")}, 1};
      return Publish(tree, now_, {RootFile(tree, next, {"first", "second"})}, 2);
    }));
    RETURN_IF_ERROR(RootCases());
    RETURN_IF_ERROR(RollbackCases());
    RETURN_IF_ERROR(FreezeCases());
    RETURN_IF_ERROR(ThresholdCases());
    return Case("changed-target", "hash|length", [&](const std::string& tree) {
      return Put(JoinPath(tree, "hello/newest.sigstore.jsonl"), "another bundle\n");
    });
  }

 private:
  using After = std::function<Status(const std::string& tree)>;

  PublicKey Public(const std::string& name) const { return keys_.at(name).public_key(); }

  Status Put(const std::string& path, const std::string& bytes) const {
    RETURN_IF_ERROR(MakeDirectories(DirectoryName(path), 0755));
    return WriteDurably(RealFileSystem(), path, bytes);
  }

  std::string Signed(const TrustRoot& root, const std::vector<std::string>& signers) const {
    std::vector<PrivateKey> keys;
    for (const std::string& signer : signers) keys.push_back(keys_.at(signer));
    return WriteTrustRoot(root, keys);
  }

  // A second root, beside the tree; the file's name.
  std::string RootFile(const std::string& tree, TrustRoot root,
                       const std::vector<std::string>& signers) const {
    root.version = 2;
    const std::string path = tree + ".root-2.json";
    CHECK(Put(path, Signed(root, signers)));
    return path;
  }
  // With a new root key in place of one.
  std::string SecondRoot(const std::string& tree, const std::vector<std::string>& signers) const {
    TrustRoot next = root_;
    next.root_keys[1] = Public("fourth");
    return RootFile(tree, next, signers);
  }

  Status Publish(const std::string& tree, UnixSeconds now, const std::vector<std::string>& roots,
                 std::size_t newest) const {
    const MadeRelease& release = releases_[newest];
    for (const auto& [file, bytes] : release.artifacts) {
      const std::string path = JoinPath(tree, "hello/1." + std::to_string(newest) + "/" + file);
      RETURN_IF_ERROR(Put(path, bytes));
      RETURN_IF_ERROR(Put(path + ".sigstore.jsonl", release.FileText()));
    }
    PublishOrder order;
    order.directory = tree;
    order.roots = {first_root_};
    order.roots.insert(order.roots.end(), roots.begin(), roots.end());
    order.policy = maker_.policy();
    order.now = now;
    for (const auto& [name, signer] : signers_) order.signers.push_back(signer.get());
    const auto published = PublishTargets(RealFileSystem(), order);
    if (!published) return Wrap(tree, published.error());
    return {};
  }

  // Published once (version 1 of all), and copied; `after` goes on from the copy.
  Status Case(const std::string& name, const std::string& expected, const After& after) {
    const std::string folder = JoinPath(directory_, name);
    const std::string before = JoinPath(folder, "before");
    first_root_ = before + ".root-1.json";
    RETURN_IF_ERROR(Put(first_root_, Signed(root_, {"first", "third"})));
    // Twice, so that there is something to go back to.
    RETURN_IF_ERROR(Publish(before, now_, {}, 0));
    std::filesystem::copy(before, JoinPath(folder, "older"),
                          std::filesystem::copy_options::recursive);
    RETURN_IF_ERROR(Publish(before, now_, {}, 1));
    std::filesystem::copy(before, JoinPath(folder, "after"),
                          std::filesystem::copy_options::recursive);
    RETURN_IF_ERROR(Put(JoinPath(folder, "expected"), expected + "\n"));
    return after(JoinPath(folder, "after"));
  }

  static std::string PathOf(const std::string& tree, TufRole role) {
    return JoinPath(tree, "tuf/" + std::string(TufRoleName(role)) + ".json");
  }
  Result<TufMetadata> Read(const std::string& tree, TufRole role) const {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(PathOf(tree, role), kTufMetadataBytesMax));
    return ParseTufMetadata(bytes, role, PathOf(tree, role));
  }
  // Signs metadata anew, by these keys, and all that stands above it by its own.
  Status Replace(const std::string& tree, TufMetadata metadata,
                 const std::vector<std::string>& signers) const {
    metadata.signatures.clear();
    for (const std::string& signer : signers) {
      metadata.signatures.push_back(
          {Public(signer).KeyId(), keys_.at(signer).Sign(WriteTufSigned(metadata))});
    }
    const std::string bytes = WriteTufMetadata(metadata);
    RETURN_IF_ERROR(Put(PathOf(tree, metadata.role), bytes));
    if (metadata.role == TufRole::kTimestamp) return {};
    const bool targets = metadata.role == TufRole::kTargets;
    const TufRole above = targets ? TufRole::kSnapshot : TufRole::kTimestamp;
    ASSIGN_OR_RETURN(TufMetadata next, Read(tree, above));
    ++next.version;
    next.files[std::string(TufRoleName(metadata.role)) + ".json"] = {Sha256(bytes), bytes.size(),
                                                                     metadata.version};
    return Replace(tree, std::move(next), {targets ? "snapshot" : "timestamp"});
  }
  static std::vector<std::string> SignersOf(TufRole role) {
    if (role == TufRole::kTargets) return {"targets", "targets-2"};
    return {std::string(TufRoleName(role))};
  }

  Status PutRootBytes(const std::string& tree, const std::string& bytes) const {
    return Put(JoinPath(tree, "tuf/2.root.json"), bytes);
  }
  Status PutRoot(const std::string& tree, const std::string& from) const {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(from, kTrustRootBytesMax));
    return PutRootBytes(tree, bytes);
  }

  Status RootCases() {
    RETURN_IF_ERROR(
        Case("root-below-threshold", "threshold|signed by", [&](const std::string& tree) {
          return PutRoot(tree, SecondRoot(tree, {"first", "fourth"}));
        }));
    RETURN_IF_ERROR(
        Case("root-below-its-own-threshold", "threshold|signed by", [&](const std::string& tree) {
          return PutRoot(tree, SecondRoot(tree, {"second", "third"}));
        }));
    RETURN_IF_ERROR(
        Case("root-rollback", "BadVersionError: Expected version 2", [&](const std::string& tree) {
          return PutRootBytes(tree, Signed(root_, {"first", "second"}));
        }));
    RETURN_IF_ERROR(
        Case("root-changed", "threshold|signed by", [&](const std::string& tree) -> Status {
          ASSIGN_OR_RETURN(std::string bytes,
                           ReadFile(SecondRoot(tree, {"first", "third"}), kTrustRootBytesMax));
          const std::size_t at = bytes.find("operator-0");
          CHECK(at != std::string::npos);
          return PutRootBytes(tree, bytes.replace(at, 10, "operator-9"));
        }));
    RETURN_IF_ERROR(
        Case("root-of-the-keys-of-the-tree", "threshold|signed by", [&](const std::string& tree) {
          return PutRoot(tree, SecondRoot(tree, {"timestamp", "snapshot", "targets"}));
        }));
    return Case("root-expired", "[Ee]xpired", [&](const std::string& tree) {
      TrustRoot next = root_;
      next.expires = now_ - kDaySeconds;
      return PutRoot(tree, RootFile(tree, next, {"first", "second"}));
    });
  }

  Status RollbackCases() {
    RETURN_IF_ERROR(Case("timestamp-rollback", "BadVersionError.*timestamp",
                         [&](const std::string& tree) -> Status {
                           std::filesystem::remove_all(tree);
                           std::filesystem::rename(JoinPath(DirectoryName(tree), "older"), tree);
                           return {};
                         }));
    // A timestamp that is newer, over what is older.
    const auto older = [&](TufRole role) {
      return [this, role](const std::string& tree) -> Status {
        ASSIGN_OR_RETURN(TufMetadata metadata, Read(JoinPath(DirectoryName(tree), "older"), role));
        return Replace(tree, std::move(metadata), SignersOf(role));
      };
    };
    RETURN_IF_ERROR(
        Case("snapshot-rollback", "BadVersionError.*snapshot", older(TufRole::kSnapshot)));
    return Case("targets-rollback", "less than current version", older(TufRole::kTargets));
  }

  Status FreezeCases() {
    for (const TufRole role : kMetadataRoles) {
      const std::string name(TufRoleName(role));
      RETURN_IF_ERROR(Case(name + "-expired", "[Ee]xpired", [&](const std::string& tree) -> Status {
        ASSIGN_OR_RETURN(TufMetadata metadata, Read(tree, role));
        ++metadata.version;
        metadata.expires = now_ - kHourSeconds;
        return Replace(tree, std::move(metadata), SignersOf(role));
      }));
    }
    // What was signed once and is not renewed: the same, seen by a client that comes later.
    return Case("frozen", "[Ee]xpired", [&](const std::string& tree) -> Status {
      const std::string older = JoinPath(DirectoryName(tree), "older");
      RETURN_IF_ERROR(Publish(older, now_ - 15 * kDaySeconds, {}, 1));
      ASSIGN_OR_RETURN(TufMetadata frozen, Read(older, TufRole::kTimestamp));
      ASSIGN_OR_RETURN(const TufMetadata newest, Read(tree, TufRole::kTimestamp));
      frozen.version = newest.version + 1;
      frozen.files = newest.files;
      return Replace(tree, std::move(frozen), {"timestamp"});
    });
  }

  Status ThresholdCases() {
    RETURN_IF_ERROR(Case("targets-below-threshold", "signed by|threshold",
                         [&](const std::string& tree) -> Status {
                           ASSIGN_OR_RETURN(TufMetadata metadata, Read(tree, TufRole::kTargets));
                           ++metadata.version;
                           return Replace(tree, std::move(metadata), {"targets"});
                         }));
    for (const TufRole role : kMetadataRoles) {
      RETURN_IF_ERROR(Case(std::string(TufRoleName(role)) + "-by-a-stranger", "signed by|threshold",
                           [&](const std::string& tree) -> Status {
                             ASSIGN_OR_RETURN(TufMetadata metadata, Read(tree, role));
                             ++metadata.version;
                             return Replace(tree, std::move(metadata), {"stranger", "first"});
                           }));
    }
    return {};
  }

  std::string directory_;
  UnixSeconds now_;
  EvidenceMaker maker_;
  std::vector<MadeRelease> releases_;  // sequences 1, 2, 3
  std::map<std::string, PrivateKey> keys_;
  std::map<std::string, std::unique_ptr<Signer>> signers_;
  TrustRoot root_;
  std::string first_root_;  // the file of the case at hand
};

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const farm::Status status = farm::Trees(argv[1], farm::SystemClock().Now()).Write();
  if (status) return 0;
  std::fprintf(stderr, "make_trees: %s\n", status.error().message.c_str());
  return 1;
}
