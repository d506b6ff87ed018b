#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace attacks {

// The host's users who start sandboxes.
constexpr uid_t kOrdinaryUser = 54321;   // without subordinate ids
constexpr uid_t kUserWithRange = 54323;  // with them, see GiveRange
constexpr const char* kSubordinateRange = "1234560000:65536";

// Whether this process can become another user of the host: it is root, and in no sandbox.
bool HasOtherUsers();

// Where one run of a behaviour may leave something. Belongs to the user who starts it.
struct Place {
  std::filesystem::path directory;
  std::string tag;  // a name that nothing else on this machine has
  long number = 0;  // likewise
  std::filesystem::path work() const { return directory / "work"; }    // its folder, bare
  std::filesystem::path out() const { return directory / "out"; }      // --output-dir
  std::filesystem::path input() const { return directory / "input"; }  // of the host
  std::filesystem::path bound() const { return directory / "bound"; }  // shown read-only
  std::filesystem::path link_target() const { return directory / "link_target"; }
  std::filesystem::path log() const { return directory / "log"; }
  std::filesystem::path diagnostics() const { return directory / "diagnostics"; }
};

// What is on the host for the behaviours to find: secrets, servers, a process, and a tiny root that
// has nothing but the behaviours. Everything goes away with it.
class Scene {
 public:
  // programs: the folder that has GROUP/PROGRAM of each behaviour.
  // Ends the program if the scene cannot be made: nothing can be tested then.
  explicit Scene(const std::filesystem::path& programs);
  ~Scene();
  Scene(const Scene&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path root() const { return directory_ / "root"; }
  // The root as an EROFS image; empty if mkfs.erofs is missing or fails.
  std::filesystem::path Image();
  // A copy of a program of the host that every user can reach.
  std::filesystem::path Reachable(const std::filesystem::path& program);

  // Makes the place for the next run by `user`.
  Place NewPlace(uid_t user);
  void Remove(const Place& place);

  // A process of `user` to be attacked; started anew when it is dead.
  pid_t Victim(uid_t user);
  bool IsVictimAlive(uid_t user) const;
  // Whether a datagram has come to the host since the last call.
  bool TakeDatagram();
  // A child that knocks at `listen_port` for some seconds, opens and locks /dev/full, and opens
  // /usr.
  pid_t StartGuest() const;

  // What {name} in a row's arguments stands for, but for what depends on where the behaviour runs.
  std::map<std::string, std::string> Values(const Place& place, uid_t user);

 private:
  void MakeRoot(const std::filesystem::path& programs);
  void MakeSecrets();
  void MakeServers();

  std::filesystem::path directory_;
  std::filesystem::path image_;
  std::vector<std::filesystem::path> reachable_;
  std::map<uid_t, pid_t> victims_;
  int runs_ = 0;
  int tcp_server_ = -1;
  int udp_server_ = -1;
  int abstract_server_ = -1;
  int file_server_ = -1;
  int port_ = 0;
  int udp_port_ = 0;
  int listen_port_ = 0;
};

// In a mount namespace of this process alone: the machine has kUserWithRange, by /etc/passwd,
// /etc/subuid and /etc/subgid, and what is mounted from now on is seen here only. False: not root.
bool GiveRange(const std::filesystem::path& directory);

std::string ReadFile(const std::filesystem::path& path);

}  // namespace attacks
