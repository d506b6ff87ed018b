#include "tests/attacks/judge.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

#include "tests/attacks/host_state.h"
#include "tests/attacks/outputs.h"

namespace attacks {
namespace {

namespace fs = std::filesystem;

// What the behaviour itself said: its last line.
struct Said {
  std::string verdict;  // refused, ALLOWED, missing, left; empty: it said nothing
  std::string line;
};

Said LastLine(const std::string& log) {
  Said said;
  std::size_t begin = 0;
  while (begin < log.size()) {
    std::size_t end = std::min(log.find('\n', begin), log.size());
    const std::string line = log.substr(begin, end - begin);
    for (const char* verdict : {"refused", "ALLOWED", "missing", "left"}) {
      if (line.starts_with(std::string(verdict) + ": ")) said = {verdict, line};
    }
    begin = end + 1;
  }
  return said;
}

// How our launcher says that the run ended; empty strings for the others.
struct Told {
  std::string ended;
  std::string limit;
  std::string message;
};

Told ReadResult(const std::string& diagnostics) {
  auto result = nlohmann::json::parse(diagnostics, nullptr, false);
  if (!result.is_object()) return {};
  return {result.value("ended", ""), result.value("limit", ""), result.value("message", "")};
}

std::string Explain(const Ended& ended, const Told& told) {
  std::string text = ended.timed_out ? "took too long" : "exit " + std::to_string(ended.exit_code);
  if (!told.ended.empty()) text += ", ended: " + told.ended + " " + told.limit + " " + told.message;
  if (told.ended.empty() && !ended.diagnostics.empty()) {
    text += ", " + ended.diagnostics.substr(0, 200);
  }
  return text;
}

Cell JudgeInside(const Said& said, const Ended& ended, const Told& told) {
  // Nobody may take the failure of a launcher for the word of a behaviour.
  if (!told.ended.empty() && told.ended != "exited") return {Verdict::kError, Explain(ended, told)};
  if (said.verdict == "refused") return {Verdict::kRefused, said.line};
  if (said.verdict == "ALLOWED") return {Verdict::kAllowed, said.line};
  return {Verdict::kError, said.line.empty() ? Explain(ended, told) : said.line};
}

// Refused for want of a right, whatever the limit.
bool IsForbidden(const Said& said) {
  return said.verdict == "refused" &&
         (said.line.ends_with(": EPERM") || said.line.ends_with(": ENOSYS"));
}

// Of our launcher, the limit's name is wanted: what the kernel alone refuses looks like a fault of
// the build.
Cell JudgeLimit(const std::string& limit, const Said& said, const Ended& ended, const Told& told) {
  if (told.ended == "limit") {
    bool right = told.limit == limit;
    return {right ? Verdict::kRefused : Verdict::kError, "ended by the limit " + told.limit};
  }
  if (said.verdict == "missing") return {Verdict::kError, said.line};
  if (said.verdict == "ALLOWED" || said.verdict == "left") return {Verdict::kAllowed, said.line};
  if (ended.timed_out) return {Verdict::kAllowed, "it went on"};
  if (!told.ended.empty() && !IsForbidden(said)) {
    return {Verdict::kError, "not ended by the limit " + limit + ": " + Explain(ended, told)};
  }
  if (said.verdict == "refused") return {Verdict::kRefused, said.line};
  // Stopped before it could say anything.
  if (ended.exit_code > 128) return {Verdict::kRefused, "killed"};
  return {Verdict::kError, Explain(ended, told)};
}

Cell JudgeOutside(const std::string& harm, const Said& said, const Ended& ended, const Told& told,
                  bool may_be_silent) {
  if (said.verdict == "missing") return {Verdict::kError, said.line};
  if (!harm.empty()) return {Verdict::kAllowed, harm};
  if (said.verdict.empty() && !may_be_silent) return {Verdict::kError, Explain(ended, told)};
  if (told.ended == "error" && told.message.find("File exists") == std::string::npos) {
    return {Verdict::kError, Explain(ended, told)};
  }
  std::string how = told.ended.empty() || told.ended == "exited"
                        ? said.line
                        : told.ended + ": " + told.limit + told.message;
  return {Verdict::kRefused, how + "; no harm outside"};
}

int OpenLog(const Place& place) { return open(place.log().c_str(), O_RDWR | O_APPEND | O_CLOEXEC); }

// Nothing hostile, which works while something hostile does: in a sandbox of its own of the same
// column, or on the host as the user who starts them.
class Neighbour {
 public:
  Neighbour(const std::string& beside, const Column& column, const Programs& programs, Scene& scene)
      : who_(column.IsOurs() ? "the build" : "the user"), scene_(scene) {
    row_.name = "resources/steady_work";
    row_.arguments = kSteadyMilliseconds + beside;
    place_ = scene.NewPlace(column.user);
    int log = OpenLog(place_);
    pid_ = Start(MakeCommand(column, row_, programs, scene, place_), row_, scene, place_, log);
    close(log);
    for (int i = 0; i < 500 && ReadFile(place_.log()).empty(); ++i) usleep(10000);
  }
  // What it suffered; empty: nothing.
  std::string Suffered() {
    Ended ended = Wait(pid_, row_, place_);
    scene_.Remove(place_);
    if (ended.exit_code == 0) return "";
    return who_ + " beside it: " + LastLine(ended.log).line + " (" + Explain(ended, {}) + ")";
  }

 private:
  // The behaviours of resources hold for a second what they have.
  static inline const std::string kSteadyMilliseconds = "1500 ";

  const std::string who_;
  Scene& scene_;
  Row row_;
  Place place_;
  pid_t pid_ = -1;
};

// All who must not notice a behaviour.
class Neighbours {
 public:
  Neighbours(const Row& row, const Column& column, const Programs& programs, Scene& scene) {
    if (!column.IsOurs() || row.Group() != "resources") return;
    all_.push_back(std::make_unique<Neighbour>(row.beside, column, programs, scene));
    const Column host = {"host", Sandbox::kNone, column.user};
    all_.push_back(std::make_unique<Neighbour>(row.beside, host, programs, scene));
  }
  // What the first of them suffered; empty: nothing.
  std::string Suffered() {
    std::string first;
    for (const auto& neighbour : all_) {
      std::string suffered = neighbour->Suffered();
      if (first.empty()) first = suffered;
    }
    return first;
  }

 private:
  std::vector<std::unique_ptr<Neighbour>> all_;
};

// The second word of "limit NAME", "host LOOK".
std::string SecondWord(const std::string& judged) {
  std::size_t space = judged.find(' ');
  return space == std::string::npos ? "" : judged.substr(space + 1);
}

Cell Judge(const Row& row, const Column& column, const Ended& ended, Scene& scene,
           const Place& place, int log) {
  Said said = LastLine(ended.log);
  Told told = column.IsOurs() ? ReadResult(ended.diagnostics) : Told();
  if (row.judged.starts_with("limit")) {
    return JudgeLimit(SecondWord(row.judged), said, ended, told);
  }
  if (row.judged == "outputs") {
    fs::path out = (column.IsOurs() ? place.out() : place.work()) / "out";
    std::string harm = FindHarm(out);
    if (harm.empty() && HasProcess(place.tag)) harm = "somebody can still change it";
    return JudgeOutside(harm, said, ended, told, false);
  }
  if (row.judged.starts_with("host")) {
    bool may_be_silent = row.ending != Ending::kItself;
    std::string harm = LookAtHost(SecondWord(row.judged), scene, place, column.user, log);
    return JudgeOutside(harm, said, ended, told, may_be_silent);
  }
  return JudgeInside(said, ended, told);
}

// What the profile of `column` means to be possible is kept apart from what it lets through.
Cell WithDesign(const Row& row, const Column& column, Cell cell) {
  if (cell.verdict != Verdict::kAllowed || !column.IsAssembly()) return cell;
  if (row.assembly_may.empty() || row.judged != "inside") return cell;
  return {Verdict::kByDesign, row.assembly_may + "; " + cell.said};
}

// A container's root may lack it.
bool HasResourceRight() {
  const std::string status = ReadFile("/proc/self/status");
  const std::size_t at = status.find("CapEff:");
  const auto capabilities = std::stoull(status.substr(at + 7), nullptr, 16);
  return (capabilities >> CAP_SYS_RESOURCE & 1) != 0;
}

// What of a row does not apply to a column; empty: it does.
std::string WhyNot(const Row& row, const Column& column) {
  if (!column.missing.empty()) return column.missing;
  if (row.not_as_host_root && column.IsOurs() && column.ids == Ids::kCallers && column.user == 0) {
    return "the host's root is mapped";
  }
  const bool has_monitor = column.ids != Ids::kCallers;
  if (row.needs_resource_right && column.IsAssembly() && has_monitor && !HasResourceRight()) {
    return "this machine's root lacks CAP_SYS_RESOURCE";
  }
  if (!row.beside.empty() && column.name == "here") return "other tests run as this user";
  if (row.ours_only && !column.IsOurs()) return "it has nothing of the kind";
  if (column.sandbox == Sandbox::kNone && row.bare == Bare::kNever) return "dangerous";
  return "";
}

}  // namespace

std::string NameOf(Verdict verdict) {
  const char* const names[] = {"refused", "ALLOWED", "error", "not run", "by design"};
  return names[static_cast<int>(verdict)];
}

Cell RunAndJudge(const Row& row, const Column& column, const Programs& programs, Scene& scene) {
  if (std::string why = WhyNot(row, column); !why.empty()) return {Verdict::kNotRun, why};
  Place place = scene.NewPlace(column.user);
  if (row.judged == "host link_target") {
    // Where the output is to be written, the host has a link to something else.
    fs::create_directory(place.out() / "out");
    fs::permissions(place.out() / "out", fs::perms(0777));
    fs::create_symlink(place.link_target(), place.out() / "out/file");
  }
  scene.TakeDatagram();
  scene.Victim(column.user);
  Neighbours neighbours(row, column, programs, scene);
  int log = OpenLog(place);
  pid_t guest = row.has_guest ? scene.StartGuest() : -1;
  pid_t pid = Start(MakeCommand(column, row, programs, scene, place), row, scene, place, log);
  Ended ended = Wait(pid, row, place);
  Cell cell = WithDesign(row, column, Judge(row, column, ended, scene, place, log));
  if (std::string suffered = neighbours.Suffered(); !suffered.empty()) {
    cell = {Verdict::kAllowed, suffered};
  }
  if (guest > 0) {
    kill(guest, SIGKILL);
    waitpid(guest, nullptr, 0);
  }
  close(log);
  KillByName(place.tag);
  scene.Remove(place);
  return cell;
}

}  // namespace attacks
