#include "tests/attacks/column.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace attacks {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

void Append(Arguments* to, const Arguments& words) {
  to->insert(to->end(), words.begin(), words.end());
}

// `text` with each {name} replaced; a name that is not known stays, and the behaviour will say so.
std::string Fill(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const std::string sign = "{" + name + "}";
    for (std::size_t at; (at = text.find(sign)) != std::string::npos;) {
      text.replace(at, sign.size(), value);
    }
  }
  return text;
}

// The bare host and Bazel's sandbox show the host's own paths, the others paths of a root.
bool HasOwnRoot(const Column& column) {
  return column.IsOurs() || column.sandbox == Sandbox::kBubblewrap;
}

// Where the behaviours lie in `column`.
std::string ProgramsOf(const Column& column, const Scene& scene) {
  if (!HasOwnRoot(column)) return scene.root() / "bin";
  return column.IsAssembly() ? "/build/bin" : "/bin";
}

// A file of the root that its mode lets the behaviour write.
std::string RootFileOf(const Column& column, const Scene& scene) {
  if (!HasOwnRoot(column)) return scene.root() / "etc/everybody";
  return column.IsAssembly() ? "/etc/hosts" : "/etc/everybody";
}

std::map<std::string, std::string> ValuesFor(const Column& column, Scene& scene,
                                             const Place& place) {
  auto values = scene.Values(place, column.user);
  const bool own_root = HasOwnRoot(column);
  values["root_file"] = RootFileOf(column, scene);
  values["programs"] = ProgramsOf(column, scene);
  values["identity"] = ProgramsOf(column, scene) + "/identity";
  values["input"] = own_root ? "/build/input" : place.input().string();
  values["bound"] = own_root ? "/build/bound/file" : (place.bound() / "file").string();
  values["work"] = own_root ? "/build" : place.work().string();
  return values;
}

bool Mentions(const Row& row, const std::string& value) {
  return row.arguments.find(value) != std::string::npos;
}

// The assembly profile is given no root: the behaviours are shown read-only, as a farm shows its
// packages. Where a path of the host would be the harm, that way shows one, so the program is
// copied.
Arguments AssemblyOptions(const Row& row, const Scene& scene) {
  Arguments words = {"--profile", "assembly", "--uid", "0", "--gid", "0"};
  const fs::path programs = scene.root() / "bin";
  if (Mentions(row, "{scene}")) {
    Append(&words,
           {"--input", programs / row.Program(), "/build/bin/" + row.Program(), "755", "0"});
  } else {
    Append(&words, {"--bind-ro", programs, "/build/bin"});
  }
  return words;
}

Arguments RootOptions(const Column& column, const Row& row, Scene& scene) {
  if (column.IsAssembly()) return AssemblyOptions(row, scene);
  if (column.ids == Ids::kMonitor) return {"--root-image", scene.Image()};
  return {"--root-dir", scene.root()};
}

Arguments OurLauncher(const Column& column, const Row& row, const Programs& programs, Scene& scene,
                      const Place& place, const std::string& options) {
  const std::string launcher = programs.launcher;
  Arguments words;
  if (column.ids == Ids::kMonitor) {
    const std::string user = std::to_string(column.user);
    words = {launcher, "monitor",  "--uid",           user, "--gid",
             user,     "--subids", kSubordinateRange, "--"};
  }
  words.push_back(launcher);
  words.push_back("run");
  if (column.ids == Ids::kOption) Append(&words, {"--subids", kSubordinateRange});
  if (Mentions(row, "{input}")) {
    Append(&words, {"--input", place.input(), "/build/input", "644", "0"});
  }
  if (Mentions(row, "{bound}")) Append(&words, {"--bind-ro", place.bound(), "/build/bound"});
  Append(&words, Words(options));
  // Of ids that are given twice the last hold: under the assembly profile root's, whatever the row
  // asks for.
  Append(&words, RootOptions(column, row, scene));
  if (row.judged == "outputs" || row.judged == "limit output") {
    Append(&words, {"--output", "/build/out", "--output-dir", place.out()});
  }
  words.push_back("--");
  return words;
}

// The hardened command line: everything that it has against a hostile command.
Arguments Bubblewrap(const Programs& programs, const Scene& scene, const Place& place) {
  return {programs.bubblewrap,
          "--unshare-all",
          "--unshare-user",
          "--disable-userns",
          "--cap-drop",
          "ALL",
          "--clearenv",
          "--new-session",
          "--die-with-parent",
          "--uid",
          "1000",
          "--gid",
          "1000",
          "--hostname",
          "sandbox",
          "--ro-bind",
          scene.root(),
          "/",
          "--proc",
          "/proc",
          "--dev",
          "/dev",
          "--tmpfs",
          "/tmp",
          "--bind",
          place.work(),
          "/build",
          "--ro-bind",
          place.input(),
          "/build/input",
          "--ro-bind",
          place.bound(),
          "/build/bound",
          "--remount-ro",
          "/",
          "--chdir",
          "/build",
          "--"};
}

Arguments LinuxSandbox(const Row& row, const Programs& programs, const Place& place) {
  Arguments words = {programs.linux_sandbox, "-W", place.work(), "-w",
                     place.work(),           "-N", "-H",         "-U"};
  const Arguments options = Words(row.options);
  for (std::size_t i = 0; i + 1 < options.size(); ++i) {
    if (options[i] == "--wall-seconds") Append(&words, {"-T", options[i + 1], "-t", "1"});
  }
  words.push_back("--");
  return words;
}

}  // namespace

Arguments Words(const std::string& text) {
  std::istringstream stream(text);
  Arguments words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

fs::path FindOnPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    fs::path found = fs::path(folder) / program;
    if (access(found.c_str(), X_OK) == 0) return found;
  }
  return {};
}

fs::path FindLinuxSandbox() {
  const passwd* user = getpwuid(geteuid());
  std::error_code error;
  for (const std::string& home : {std::string(user == nullptr ? "/root" : user->pw_dir)}) {
    for (const auto& cache : fs::directory_iterator(home + "/.cache/bazel", error)) {
      for (const auto& install : fs::directory_iterator(cache.path() / "install", error)) {
        if (fs::exists(install.path() / "linux-sandbox", error)) {
          return install.path() / "linux-sandbox";
        }
      }
    }
  }
  const fs::path debian = "/usr/share/bazel/linux-sandbox";
  return fs::exists(debian, error) ? debian : fs::path();
}

std::vector<Column> AllColumns(const Programs& programs, bool has_range, Scene& scene) {
  const bool root = HasOtherUsers();
  const std::string needs_root = root ? "" : "needs root";
  std::string range = needs_root;
  if (root && !has_range) range = "no mount namespace for the user's range";
  if (root && FindOnPath("newuidmap").empty()) range = "needs newuidmap (package uidmap)";
  std::string image = needs_root;
  if (root && scene.Image().empty()) image = "needs mkfs.erofs (package erofs-utils)";
  const std::string no_bubblewrap = programs.bubblewrap.empty() ? "needs bwrap" : needs_root;
  constexpr Profile kAssembly = Profile::kAssembly;
  const std::string no_bazel =
      programs.linux_sandbox.empty() ? "needs Bazel's linux-sandbox" : needs_root;
  return {
      {"here", Sandbox::kOurs, geteuid()},
      {"rootless", Sandbox::kOurs, kOrdinaryUser, Ids::kCallers, needs_root},
      {"rootless-range", Sandbox::kOurs, kUserWithRange, Ids::kCallers, range},
      {"root", Sandbox::kOurs, 0, Ids::kOption, needs_root},
      {"image", Sandbox::kOurs, kOrdinaryUser, Ids::kMonitor, image},
      {"assembly", Sandbox::kOurs, kOrdinaryUser, Ids::kMonitor, needs_root, kAssembly},
      {"assembly-range", Sandbox::kOurs, kUserWithRange, Ids::kCallers, range, kAssembly},
      {"assembly-root", Sandbox::kOurs, 0, Ids::kOption, needs_root, kAssembly},
      {"bubblewrap", Sandbox::kBubblewrap, 0, Ids::kCallers, no_bubblewrap},
      {"bubblewrap-user", Sandbox::kBubblewrap, kOrdinaryUser, Ids::kCallers, no_bubblewrap},
      {"linux-sandbox", Sandbox::kBazel, 0, Ids::kCallers, no_bazel},
      {"linux-sandbox-user", Sandbox::kBazel, kOrdinaryUser, Ids::kCallers, no_bazel},
      {"bare", Sandbox::kNone, 0, Ids::kCallers, needs_root},
  };
}

Command MakeCommand(const Column& column, const Row& row, const Programs& programs, Scene& scene,
                    const Place& place) {
  const auto values = ValuesFor(column, scene, place);
  Command command;
  // The monitor is root's; it becomes the user itself.
  command.user = column.ids == Ids::kMonitor ? 0 : column.user;
  command.directory = place.work();
  switch (column.sandbox) {
    case Sandbox::kOurs:
      command.argv = OurLauncher(column, row, programs, scene, place, Fill(row.options, values));
      break;
    case Sandbox::kBubblewrap:
      command.argv = Bubblewrap(programs, scene, place);
      break;
    case Sandbox::kBazel:
      command.argv = LinuxSandbox(row, programs, place);
      break;
    case Sandbox::kNone:
      if (row.bare == Bare::kUser) command.user = kOrdinaryUser;
      break;
  }
  command.argv.push_back(ProgramsOf(column, scene) + "/" + row.Program());
  Append(&command.argv, Words(Fill(row.arguments, values)));
  return command;
}

}  // namespace attacks
