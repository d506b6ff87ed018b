// farm log mirror | check | recover | close | policy
#include <algorithm>
#include <map>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/time_words.h"
#include "farm/cli/log_commands.h"
#include "farm/cli/log_trust.h"
#include "farm/client/witness_client.h"
#include "farm/json/json.h"
#include "farm/log/close.h"
#include "farm/log/mirror.h"
#include "farm/log/recover.h"

namespace farm {
namespace {

constexpr int kLogDone = static_cast<int>(ExitCode::kProved);

Error LogUsage(const std::string& what) { return {ErrorCode::kInvalidInput, what}; }

Result<std::string> OriginIn(const TrustRoot& root, const LogTrustArguments& arguments) {
  if (!arguments.origin.empty()) return arguments.origin;
  if (root.logs.size() == 1) return root.logs.front().origin;
  std::vector<std::string> origins;
  for (const Log& log : root.logs) origins.push_back(log.origin);
  return LogUsage(arguments.root + " lists the logs " + Join(origins, ", ") +
                  "; say which with --origin");
}

Result<std::map<std::string, std::string>> UrlsOf(const LogTrustArguments& arguments) {
  std::map<std::string, std::string> urls;
  for (const std::string& word : arguments.urls) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return LogUsage("--url " + Printable(word, 80) + ": want NAME=URL");
    }
    urls[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return urls;
}

// The root's log and witnesses as a policy.
Result<TlogPolicy> PolicyOfRoot(const LogTrustArguments& arguments, UnixSeconds at) {
  ASSIGN_OR_RETURN(const TrustRoot root, ReadRootFile(arguments.root));
  ASSIGN_OR_RETURN(const auto urls, UrlsOf(arguments));
  if (arguments.cosignatures < 0) return LogUsage("--cosignatures: want 0 or more");
  ASSIGN_OR_RETURN(TlogPolicy policy,
                   TlogPolicyOf(root, static_cast<std::size_t>(arguments.cosignatures), at, urls));
  if (arguments.origin.empty()) return policy;
  std::erase_if(policy.logs,
                [&](const TlogPolicy::KnownLog& log) { return log.key.name != arguments.origin; });
  if (policy.logs.empty()) {
    return LogUsage(arguments.root + ": has no log " + Printable(arguments.origin, 80));
  }
  return policy;
}

Result<TlogPolicy> PolicyOf(const LogTrustArguments& arguments) {
  RETURN_IF_ERROR(CheckOneTrust(arguments));
  return arguments.root.empty() ? ReadLogPolicyFile(arguments.policy)
                                : PolicyOfRoot(arguments, SystemClock().Now());
}

Result<CheckNote> CheckOf(const LogTrustArguments& arguments) {
  RETURN_IF_ERROR(CheckOneTrust(arguments));
  if (arguments.root.empty()) {
    ASSIGN_OR_RETURN(TlogPolicy policy, ReadLogPolicyFile(arguments.policy));
    return CheckNoteBy(std::move(policy));
  }
  ASSIGN_OR_RETURN(const TrustRoot root, ReadRootFile(arguments.root));
  ASSIGN_OR_RETURN(const std::string origin, OriginIn(root, arguments));
  ASSIGN_OR_RETURN(LogTrust trust, TrustIn(root, origin, arguments));
  return CheckNoteBy(std::move(trust));
}

ReportProgress LogProgressOn(const Output& output) {
  return [&output, percent = -1](const LogProgress& progress) mutable {
    const int now =
        static_cast<int>(progress.entries * 100 / std::max<std::uint64_t>(1, progress.size));
    if (now == percent) return;
    percent = now;
    SayProgressInPlace(output, ProgressBar(now, 100) + " " + std::to_string(progress.entries) +
                                   " of " + Amount(progress.size, "entry", "entries"));
  };
}

Status RunMirror(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const CheckNote check, CheckOf(arguments.trust));
  ASSIGN_OR_RETURN(const ReadResource source, OpenLogSource(arguments.from));
  const auto report =
      MirrorLog(RealFileSystem(), arguments.directory, source, check, LogProgressOn(output));
  EndProgressInPlace(output);
  if (!report) return report.error();
  Say(output, "mirror of " + report->tree.origin + ": size " + std::to_string(report->tree.size) +
                  ", had " + std::to_string(report->old_size) + "; read " +
                  Amount(report->payloads_read, "payload"));
  Json answer = {
      {"tree", TreeJson(report->tree)},        {"oldSize", report->old_size},
      {"bundlesRead", report->bundles_read},   {"bundlesFound", report->bundles_found},
      {"payloadsRead", report->payloads_read}, {"withoutPayload", report->without_payload}};
  Answer(output, answer);
  return {};
}

Status RunCheck(const LogArguments& arguments, const Output& output) {
  const bool judged = !arguments.trust.policy.empty() || !arguments.trust.root.empty();
  CheckNote check;
  if (judged) {
    ASSIGN_OR_RETURN(check, CheckOf(arguments.trust));
  }
  const auto found = RequireWholeLog(arguments.directory, check, LogProgressOn(output));
  EndProgressInPlace(output);
  if (!found) return found.error();
  Json heads = Json::array();
  for (const LogCheck::Head& head : found->heads) {
    Say(output, head.file + ": " + head.tree.origin + ", size " + std::to_string(head.tree.size) +
                    ", root " + head.tree.root.Text());
    Json one = TreeJson(head.tree);
    one["file"] = head.file;
    heads.push_back(std::move(one));
  }
  Say(output,
      "whole: " + Amount(found->entries, "entry", "entries") + ", " +
          Amount(found->tiles, "tile or bundle", "tiles and bundles") + ", " +
          Amount(found->payloads, "payload") +
          (found->without_payload == 0
               ? ""
               : "; " + Amount(found->without_payload, "entry names", "entries name") + " none"));
  if (!judged) {
    Say(output, "signatures were not looked at: --policy or --root says whose count");
  }
  Answer(output, {{"heads", heads},
                  {"entries", found->entries},
                  {"tiles", found->tiles},
                  {"payloads", found->payloads},
                  {"withoutPayload", found->without_payload},
                  {"signaturesChecked", judged}});
  return {};
}

Result<std::vector<WitnessToAsk>> WitnessesToAsk(const TlogPolicy& policy,
                                                 const std::vector<std::string>& absent) {
  std::vector<WitnessToAsk> witnesses;
  for (const TlogPolicy::KnownWitness& known : policy.witnesses) {
    WitnessToAsk witness{{known.key.name, known.key.key}, {}};
    const bool asked = std::find(absent.begin(), absent.end(), known.key.name) == absent.end();
    if (asked && known.url.empty()) {
      return LogUsage("witness " + Printable(known.key.name, 80) +
                      " has no URL: write it into the policy, or give --url " + known.key.name +
                      "=URL; one that cannot be asked is named by --absent");
    }
    if (asked) {
      ASSIGN_OR_RETURN(WitnessDoor door, OpenWitness(known.url, known.key.name));
      witness.post = std::move(door.post);
    }
    witnesses.push_back(std::move(witness));
  }
  return witnesses;
}

// Whose log in which directory, and all that watch it: of a Recovery or a Closing.
template <typename Order>
Result<Order> OrderFor(const LogArguments& arguments, const Output& output) {
  Order order;
  order.store = arguments.directory;
  ASSIGN_OR_RETURN(order.check, CheckOf(arguments.trust));
  ASSIGN_OR_RETURN(const TlogPolicy policy, PolicyOf(arguments.trust));
  ASSIGN_OR_RETURN(order.witnesses, WitnessesToAsk(policy, arguments.absent));
  order.absent = arguments.absent;
  order.progress = LogProgressOn(output);
  return order;
}

Status RunRecover(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(auto recovery, OrderFor<Recovery>(arguments, output));
  recovery.mirror = arguments.mirror;
  const auto report = RecoverLogFromMirror(RealFileSystem(), recovery);
  EndProgressInPlace(output);
  if (!report) return report.error();
  Say(output, "recovered " + report->tree.origin + " at size " + std::to_string(report->tree.size) +
                  ", which " + Join(report->asked, ", ") + " cosigned just now");
  if (!report->kept.empty()) {
    Say(output, "the old directory is " + report->kept + ": keep it, it is evidence");
  }
  if (!report->epochs_kept) {
    Say(output, "the epochs of its peers are lost: make sure that no older farmd still runs");
  }
  Answer(output, {{"tree", TreeJson(report->tree)},
                  {"oldSize", report->old_size},
                  {"kept", report->kept},
                  {"asked", report->asked},
                  {"epochsKept", report->epochs_kept}});
  return {};
}

// As `farm root new` reads it.
std::string EndInWords(const LogEnd& end) {
  return "end { size: " + std::to_string(end.size) + " root_hash: \"" + end.root_hash.Text() +
         "\" successor: \"" + end.successor + "\" }";
}

Status RunClose(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(auto closing, OrderFor<Closing>(arguments, output));
  closing.successor = arguments.successor;
  // No key signs here, so there is no canary: the log's own has signed the checkpoint that stands
  // published, which `closing.check` verifies, and the witnesses cosign it on their machines.
  const auto report = CloseLog(RealFileSystem(), closing);
  EndProgressInPlace(output);
  if (!report) return report.error();
  if (!arguments.out.empty()) {
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, report->note));
  }
  const LogEnd end{report->tree.size, report->tree.root, arguments.successor};
  Say(output, "closed " + report->tree.origin + " at size " + std::to_string(end.size) +
                  ", which " + Join(report->asked, ", ") +
                  " cosigned just now; it takes no more entries");
  Say(output,
      "for the description of the next trust root, in its log " + report->tree.origin + ":");
  Say(output, "  " + EndInWords(end));
  Answer(output,
         {{"tree", TreeJson(report->tree)},
          {"end",
           {{"size", end.size}, {"rootHash", end.root_hash.Text()}, {"successor", end.successor}}},
          {"checkpoint", report->note},
          {"asked", report->asked},
          {"out", arguments.out}});
  return {};
}

Status RunPolicy(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const UnixSeconds at, AtOrNow(arguments.at, SystemClock()));
  ASSIGN_OR_RETURN(const TlogPolicy policy, PolicyOfRoot(arguments.trust, at));
  const std::string text = WriteTlogPolicy(policy);
  if (!arguments.out.empty()) {
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, text));
    Say(output, "wrote " + arguments.out);
  } else {
    Say(output, text.substr(0, text.size() - 1));
  }
  Answer(output, {{"policy", text}, {"out", arguments.out}});
  return {};
}

int EndOf(const Status& status, const Output& output, std::string_view command) {
  return status ? kLogDone : FailAndSayWhatToDo(output, command, status.error());
}

}  // namespace

int RunLogMirrorCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunMirror(arguments, output), output, "farm log mirror");
}

int RunLogCheckCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunCheck(arguments, output), output, "farm log check");
}

int RunLogRecoverCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunRecover(arguments, output), output, "farm log recover");
}

int RunLogCloseCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunClose(arguments, output), output, "farm log close");
}

int RunLogPolicyCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunPolicy(arguments, output), output, "farm log policy");
}

}  // namespace farm
