#include "farm/cli/words_log.h"

#include "farm/cli/log_commands.h"

namespace farm {
namespace {

void AddLogTrust(CLI::App* command, LogTrustArguments& arguments) {
  command->add_option("--policy", arguments.policy,
                      "log policy (C2SP tlog-policy): whose signatures count");
  command->add_option("--root", arguments.root, "trust root, instead of a policy");
  command->add_option("--origin", arguments.origin, "which of the root's logs");
  command->add_option("--cosignatures", arguments.cosignatures,
                      "with --root: witnesses of so many operators must have cosigned (default 1)");
}

// Of a command that asks every witness of the log.
void AddWitnesses(CLI::App* command, LogArguments& arguments) {
  command->add_option("--url", arguments.trust.urls, "with --root: NAME=URL of a witness");
  command->add_option("--absent", arguments.absent,
                      "a witness that cannot be asked: you vouch that it has seen no more");
}

void AddLogMirror(CLI::App& log, LogArguments& arguments, const Output& output,
                  const CommandMaker& command) {
  CLI::App* mirror =
      command(log, "mirror", "all of a log into a folder, checked",
              [&arguments, &output] { return RunLogMirrorCommand(arguments, output); });
  mirror->add_option("DIR", arguments.directory, "the mirror; made, or brought up to date")
      ->required();
  mirror->add_option("--from", arguments.from, "URL of the log or of a mirror, or a folder")
      ->required();
  mirror->footer(
      "A mirror is fit for any web server. An interrupted run is gone on with; a fork is refused\n"
      "and kept in DIR/fork.\n"
      "example:\n  farm log mirror /srv/log --from https://log.farm.example --root root.json\n"
      "exit codes: 0 done, 15 wrong or forked, 16 too few witnesses, 30 no answer");
  AddLogTrust(mirror, arguments.trust);
}

void AddLogCheck(CLI::App& log, LogArguments& arguments, const Output& output,
                 const CommandMaker& command) {
  CLI::App* check =
      command(log, "check", "a mirror or a log's folder, from leaf to head",
              [&arguments, &output] { return RunLogCheckCommand(arguments, output); });
  check->add_option("DIR", arguments.directory, "a mirror, or the folder of a log that is stopped")
      ->required();
  check->footer(
      "Reads every entry, tile and payload, and names the first wrong file.\n"
      "example:\n  farm log check /srv/log --root root.json\n"
      "exit codes: 0 whole, 15 a file is wrong, 16 too few witnesses");
  AddLogTrust(check, arguments.trust);
}

void AddLogRecover(CLI::App& log, LogArguments& arguments, const Output& output,
                   const CommandMaker& command) {
  CLI::App* recover =
      command(log, "recover", "rebuild a lost, damaged or diverged log from a mirror",
              [&arguments, &output] { return RunLogRecoverCommand(arguments, output); });
  recover->add_option("DIR", arguments.directory, "the log's folder; its farm-log is stopped")
      ->required();
  recover->add_option("--from-mirror", arguments.mirror, "folder of the mirror")->required();
  AddWitnesses(recover, arguments);
  recover->footer(
      "Every witness must cosign the mirror's tree; one that has seen more, or another history,\n"
      "ends it. An old folder is kept beside the new one as DIR.before-recovery.\n"
      "example:\n  farm log recover data --from-mirror /srv/log --policy log.tlog-policy\n"
      "exit codes: 0 done, 15 refused, 25 a witness does not know the log, 30 no answer");
  AddLogTrust(recover, arguments.trust);
}

void AddLogClose(CLI::App& log, LogArguments& arguments, const Output& output,
                 const CommandMaker& command) {
  CLI::App* close =
      command(log, "close", "end a log for good: another goes on",
              [&arguments, &output] { return RunLogCloseCommand(arguments, output); });
  close->add_option("DIR", arguments.directory, "the log's folder; its farm-log is stopped")
      ->required();
  close->add_option("--successor", arguments.successor, "origin of the log that goes on")
      ->required();
  AddWitnesses(close, arguments);
  close->add_option("--out", arguments.out, "file for the last checkpoint, with cosignatures");
  close->footer(
      "Says where the log ends, for the makers of the next trust root. From then on it takes no\n"
      "entry; what it has is served as before. farm/log/FORMAT.md has the whole way.\n"
      "example:\n  farm log close data --successor log2.farm.example --policy log.tlog-policy\n"
      "exit codes: 0 done, 15 damaged or set back, 25 a witness does not know the log, 30 no "
      "answer");
  AddLogTrust(close, arguments.trust);
}

void AddLogPolicy(CLI::App& log, LogArguments& arguments, const Output& output,
                  const CommandMaker& command) {
  CLI::App* policy =
      command(log, "policy", "a trust root's logs and witnesses as a policy",
              [&arguments, &output] { return RunLogPolicyCommand(arguments, output); });
  policy->add_option("--url", arguments.trust.urls, "NAME=URL of a witness");
  policy->add_option("--at", arguments.at,
                     "witnesses in force at this time, 2027-01-15T08:00:00Z (default: now)");
  policy->add_option("--out", arguments.out, "file to write (default: standard output)");
  policy->footer(
      "The form is C2SP's tlog-policy; farm-log reads it as its `witnessPolicy`.\n"
      "example:\n  farm log policy --root root.json --cosignatures 2 --out log.tlog-policy");
  policy->add_option("--root", arguments.trust.root, "trust root")->required();
  policy->add_option("--origin", arguments.trust.origin, "only this one of the root's logs");
  policy->add_option("--cosignatures", arguments.trust.cosignatures,
                     "witnesses of so many operators are the quorum (default 1)");
}

void AddLogCheckProof(CLI::App& log, LogArguments& arguments, const Output& output,
                      const CommandMaker& command) {
  CLI::App* proof = command(log, "check-proof", "a .tlog-proof file alone", [&arguments, &output] {
    return RunLogCheckProofCommand(arguments, output);
  });
  proof->add_option("FILE", arguments.proof, "the proof beside a published file")->required();
  proof->add_option("--bundle", arguments.bundle,
                    "the .sigstore.jsonl whose line it must prove; the line's time stamp lets a "
                    "witness count whose key was revoked later");
  proof->footer(
      "Says that a signed thing is in the log, and nothing of what it says: farm-verify does.\n"
      "example:\n  farm log check-proof greet.tlog-proof --bundle greet.sigstore.jsonl --root "
      "root.json\n"
      "exit codes: 0 logged, 2 malformed, 15 not in that log, 16 too few witnesses, 17 enough "
      "witnesses only with revoked ones");
  AddLogTrust(proof, arguments.trust);
}

}  // namespace

void AddLog(CLI::App& app, const Output& output, const CommandMaker& command) {
  static LogArguments arguments;
  CLI::App* log =
      app.add_subcommand("log", "mirror, check, rebuild and close a log; proofs and policies");
  log->require_subcommand(1);
  log->footer(
      "examples:\n"
      "  farm log mirror /srv/log --from https://log.farm.example --root root.json\n"
      "  farm log check /srv/log --root root.json\n"
      "  farm log check-proof greet.tlog-proof --bundle greet.sigstore.jsonl --root root.json\n"
      "  farm log policy --root root.json --cosignatures 2 --out log.tlog-policy\n"
      "  farm log recover data --from-mirror /srv/log --policy log.tlog-policy\n"
      "  farm log close data --successor log2.farm.example --policy log.tlog-policy\n"
      "each with --help says more, and its exit codes");
  AddLogMirror(*log, arguments, output, command);
  AddLogCheck(*log, arguments, output, command);
  AddLogRecover(*log, arguments, output, command);
  AddLogClose(*log, arguments, output, command);
  AddLogPolicy(*log, arguments, output, command);
  AddLogCheckProof(*log, arguments, output, command);
}

}  // namespace farm
