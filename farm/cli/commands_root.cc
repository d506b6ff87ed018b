#include "farm/cli/commands_root.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/time_words.h"
#include "farm/ceremony/description.h"
#include "farm/ceremony/signatures.h"
#include "farm/ceremony/weak_points.h"
#include "farm/evidence/trust_root.h"
#include "farm/evidence/trust_root_changes.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr int kDone = static_cast<int>(ExitCode::kProved);

// A root that people sign, and the one before it, which they trust.
struct RootInHand {
  TrustRoot root;
  std::optional<TrustRoot> previous;
  const TrustRoot* before() const { return previous ? &*previous : nullptr; }
};

Result<TrustRoot> ReadSignedRoot(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kTrustRootBytesMax));
  return ParseTrustRoot(bytes, path);
}

Result<TrustRoot> ReadUnsignedRoot(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kTrustRootBytesMax));
  return ParseUnsignedTrustRootUnsafe(bytes, path);
}

Result<RootInHand> ReadRootInHand(const std::string& path, const std::string& previous) {
  RootInHand hand;
  ASSIGN_OR_RETURN(hand.root, ReadUnsignedRoot(path));
  if (previous.empty()) {
    if (hand.root.version == 1) return hand;
    return Error{ErrorCode::kInvalidInput,
                 path + " is root " + std::to_string(hand.root.version) +
                     ": name the one before it with --previous, to see what changes"};
  }
  ASSIGN_OR_RETURN(hand.previous, ReadSignedRoot(previous));
  return hand;
}

// All but the signatures of CheckNextRoot.
Status CheckOrder(const RootInHand& hand) {
  if (!hand.previous) return {};
  const Status next = CheckNextRoot(hand.root, *hand.previous);
  return next || next.error().Exit() == ExitCode::kBadSignature ? Status() : next;
}

// The file's digest, as `farm-verify trust` and sha256sum print it.
std::string NameOfPrevious(const TrustRoot& previous) {
  return "root " + std::to_string(previous.version) + ", SHA-256 " + previous.digest.Hex();
}

void SayRoot(const RootInHand& hand, const Output& output) {
  const TrustRoot& root = hand.root;
  Say(output, "root " + std::to_string(root.version) + ", made " + FormatTime(root.created) +
                  ", expires " + FormatTime(root.expires));
  // People who hold copies compare it, as signatures change the file's.
  Say(output, "what is signed has SHA-256 " + SignedDigest(root).Hex());
  const std::vector<std::string> lines =
      hand.previous ? DescribeChanges(*hand.previous, root) : DescribeTrustRoot(root);
  Say(output, hand.previous ? "against " + NameOfPrevious(*hand.previous) + ":" : "it says:");
  for (const std::string& line : lines) Say(output, "  " + line);
  if (lines.empty()) Say(output, "  nothing changes");
}

Json QuorumsJson(const std::vector<RootQuorum>& quorums) {
  Json list = Json::array();
  for (const RootQuorum& quorum : quorums) {
    Json seats = Json::array();
    for (const RootSeat& seat : quorum.seats) {
      seats.push_back({{"keyid", seat.key_id}, {"name", seat.name}, {"signed", seat.has_signed}});
    }
    list.push_back({{"met", quorum.met()},
                    {"of", quorum.of},
                    {"seats", std::move(seats)},
                    {"signatures", quorum.count},
                    {"threshold", quorum.threshold}});
  }
  return list;
}

Json RootJson(const RootInHand& hand) {
  const TrustRoot& root = hand.root;
  Json previous;  // null: it is the first
  if (hand.previous) {
    previous = {{"digest", hand.previous->digest.Text()}, {"version", hand.previous->version}};
  }
  return {
      {"changes", hand.previous ? DescribeChanges(*hand.previous, root) : DescribeTrustRoot(root)},
      {"expires", FormatTime(root.expires)},
      {"missing", MissingSignatures(QuorumsOf(root, hand.before()))},
      {"previous", std::move(previous)},
      {"quorums", QuorumsJson(QuorumsOf(root, hand.before()))},
      {"signedDigest", SignedDigest(root).Text()},
      {"version", root.version}};
}

void SayQuorums(const RootInHand& hand, const Output& output) {
  const std::vector<RootQuorum> quorums = QuorumsOf(hand.root, hand.before());
  for (const RootQuorum& quorum : quorums) {
    Say(output, "signatures for " + quorum.of + ": " + std::to_string(quorum.count) + " of " +
                    std::to_string(quorum.threshold));
    for (const RootSeat& seat : quorum.seats) {
      if (seat.has_signed) Say(output, "  signed: " + seat.name);
    }
  }
  for (const std::string& line : MissingSignatures(quorums)) Say(output, line);
}

Status WriteRootFile(const std::string& path, const TrustRoot& root) {
  const std::string bytes = WriteTrustRoot(root);
  RETURN_IF_ERROR(ParseUnsignedTrustRootUnsafe(bytes, path));
  return WriteDurably(RealFileSystem(), path, bytes);
}

Result<RootInHand> MakeNewRoot(const RootNewArguments& arguments, UnixSeconds now) {
  RootInHand hand;
  if (!arguments.previous.empty()) {
    ASSIGN_OR_RETURN(hand.previous, ReadSignedRoot(arguments.previous));
  }
  ASSIGN_OR_RETURN(const std::string text,
                   ReadFile(arguments.description, kRootDescriptionBytesMax));
  const std::string folder = DirectoryName(arguments.description);
  const auto files = [&](const std::string& name) {
    return ReadFile(name.starts_with("/") ? name : JoinPath(folder, name), kDescribedFileBytesMax);
  };
  ASSIGN_OR_RETURN(hand.root, ReadRootDescription(text, arguments.description, now, files));
  hand.root.version = hand.previous ? hand.previous->version + 1 : 1;
  if (FileExists(arguments.out)) {
    return Error{ErrorCode::kInvalidInput,
                 arguments.out + " is there already, perhaps with signatures; move it away"};
  }
  RETURN_IF_ERROR(WriteRootFile(arguments.out, hand.root));
  return hand;
}

// Whoever has signed roots before and is shown another root than the one he knows finds that his
// own key is not in it.
void WarnOfStranger(const RootInHand& hand, const PublicKey& key, const Output& output) {
  if (!hand.previous) return;
  const std::vector<PublicKey>& keys = hand.previous->root_keys;
  if (std::find(keys.begin(), keys.end(), key) != keys.end()) return;
  SayProgress(output, "warning: your key is not one of " + NameOfPrevious(*hand.previous) +
                          ": unless you are new, this is not the root that you know; compare its "
                          "SHA-256 with what the others have");
}

// Whether the person has seen it and says so.
Status AskToSign(std::istream& in, const Output& output) {
  SayProgress(output, "type \"sign\" to sign this root, anything else to leave it:");
  std::string word;
  std::getline(in, word);
  if (word == "sign") return {};
  return Error{ErrorCode::kUnavailable, "not signed", ExitCode::kCancelled};
}

Result<RootInHand> SignRoot(const RootSignArguments& arguments, std::istream& in,
                            const Output& output) {
  if (arguments.key.empty() && arguments.from.empty()) {
    return Error{ErrorCode::kInvalidInput, "want --key KEY to sign, or --from COPY to merge"};
  }
  if (output.json && !arguments.key.empty() && !arguments.yes) {
    return Error{ErrorCode::kInvalidInput,
                 "--json shows nothing before it signs: look with `farm root check`, then give "
                 "--yes"};
  }
  ASSIGN_OR_RETURN(RootInHand hand, ReadRootInHand(arguments.root, arguments.previous));
  RETURN_IF_ERROR(CheckOrder(hand));
  const std::size_t dropped = TidySignatures(hand.root, hand.before());
  if (dropped > 0) {
    SayProgress(output, std::to_string(dropped) +
                            " signatures in it are bad, double or of nobody named: left out");
  }
  for (const std::string& path : arguments.from) {
    ASSIGN_OR_RETURN(const TrustRoot copy, ReadUnsignedRoot(path));
    const Status merged = MergeSignatures(hand.root, copy, hand.before());
    if (!merged) return Wrap(path, merged.error());
  }
  SayRoot(hand, output);
  if (!arguments.key.empty()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Signer> signer, OpenSigner(arguments.key));
    WarnOfStranger(hand, signer->key(), output);
    if (!arguments.yes) RETURN_IF_ERROR(AskToSign(in, output));
    // AddSignature has the key's canary.  The clock is compared with nobody's: holders of root keys
    // sign on machines that reach no farm, and the signature says no time; what the root says of
    // its own was shown.
    RETURN_IF_ERROR(AddSignature(hand.root, *signer, hand.before()));
  }
  RETURN_IF_ERROR(WriteRootFile(arguments.out.empty() ? arguments.root : arguments.out, hand.root));
  return hand;
}

// The worst of what keeps the root from being taken today.
ExitCode ExitOf(const RootInHand& hand, const Status& order, UnixSeconds now) {
  ExitCode exit = order ? ExitCode::kProved : order.error().Exit();
  if (!MissingSignatures(QuorumsOf(hand.root, hand.before())).empty()) {
    exit = Worse(exit, ExitCode::kBadSignature);
  }
  if (now > hand.root.expires) exit = Worse(exit, ExitCode::kNotValidThen);
  return exit;
}

Result<ExitCode> CheckRoot(const RootCheckArguments& arguments, const Clock& clock,
                           const Output& output) {
  ASSIGN_OR_RETURN(const UnixSeconds now, AtOrNow(arguments.at, clock));
  ASSIGN_OR_RETURN(const RootInHand hand, ReadRootInHand(arguments.root, arguments.previous));
  const Status order = CheckOrder(hand);
  const std::vector<std::string> weak = WeakPoints(hand.root, hand.before(), now);
  const ExitCode exit = ExitOf(hand, order, now);
  SayRoot(hand, output);
  if (!order) Say(output, order.error().message);
  if (now > hand.root.expires) Say(output, "EXPIRED at " + FormatTime(hand.root.expires));
  SayQuorums(hand, output);
  for (const std::string& line : weak) Say(output, "weak: " + line);
  Say(output, exit == ExitCode::kProved ? "complete" : "NOT COMPLETE");
  Json json = RootJson(hand);
  json["complete"] = exit == ExitCode::kProved;
  json["exit"] = static_cast<int>(exit);
  json["expired"] = now > hand.root.expires;
  json["order"] = order ? "" : order.error().message;
  json["weakPoints"] = weak;
  Answer(output, json);
  return exit;
}

}  // namespace

int RunRootNewCommand(const RootNewArguments& arguments, const Clock& clock, const Output& output) {
  const Result<RootInHand> made = MakeNewRoot(arguments, clock.Now());
  if (!made) return Fail(output, "farm root new", made.error());
  SayRoot(*made, output);
  const std::vector<std::string> weak = WeakPoints(made->root, made->before(), clock.Now());
  for (const std::string& line : weak) Say(output, "weak: " + line);
  SayQuorums(*made, output);
  Json json = RootJson(*made);
  json["weakPoints"] = weak;
  Answer(output, json);
  return kDone;
}

int RunRootDescribeCommand(const RootDescribeArguments& arguments, const Output& output) {
  const Result<TrustRoot> root = ReadUnsignedRoot(arguments.root);
  if (!root) return Fail(output, "farm root describe", root.error());
  const std::string text = WriteRootDescription(*root);
  if (!arguments.out.empty()) {
    const Status written = WriteDurably(RealFileSystem(), arguments.out, text);
    if (!written) return Fail(output, "farm root describe", written.error());
    Say(output, arguments.out);
  } else {
    Say(output, text.substr(0, text.size() - 1));
  }
  Answer(output, {{"description", text}, {"version", root->version}});
  return kDone;
}

int RunRootSignCommand(const RootSignArguments& arguments, std::istream& in, const Clock& clock,
                       const Output& output) {
  const Result<RootInHand> hand = SignRoot(arguments, in, output);
  if (!hand) return Fail(output, "farm root add-signature", hand.error());
  if (clock.Now() > hand->root.expires) {
    Say(output, "EXPIRED at " + FormatTime(hand->root.expires) + ": nobody will take it");
  }
  SayQuorums(*hand, output);
  Answer(output, RootJson(*hand));
  return kDone;
}

int RunRootCheckCommand(const RootCheckArguments& arguments, const Clock& clock,
                        const Output& output) {
  const Result<ExitCode> exit = CheckRoot(arguments, clock, output);
  if (!exit) return Fail(output, "farm root check", exit.error());
  return static_cast<int>(*exit);
}

}  // namespace farm
