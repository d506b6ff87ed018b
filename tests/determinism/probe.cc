// A program that looks at the world it runs in: `probe LOOK [ARGUMENT...]`. Static: it is the only
// file in the root of the tests' sandbox, /bin/hostile. Prints what it sees.
#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <dirent.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Arguments = std::vector<std::string>;

std::string Hex(const void* bytes, std::size_t size) {
  std::string text;
  char digits[3];
  for (std::size_t i = 0; i < size; ++i) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<const unsigned char*>(bytes)[i]);
    text += digits;
  }
  return text;
}

std::string ReadText(const std::string& path) {
  std::string text;
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char buffer[4096];
  ssize_t count;
  while (fd >= 0 && (count = read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  close(fd);
  return text;
}

double Now(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

timespec After(clockid_t clock, double seconds) {
  timespec time = {};
  clock_gettime(clock, &time);
  time.tv_nsec += static_cast<long>(seconds * 1e9);
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

void Clock(const Arguments&) {
  timeval day = {};
  gettimeofday(&day, nullptr);
  std::printf("realtime %.3f day %ld time %ld monotonic %.3f cpu %.3f\n", Now(CLOCK_REALTIME),
              day.tv_sec, time(nullptr), Now(CLOCK_MONOTONIC), Now(CLOCK_PROCESS_CPUTIME_ID));
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("used %ld\n", usage.ru_utime.tv_usec + usage.ru_maxrss);
}

void Chance(const Arguments&) {
  char bytes[8] = {};
  if (getrandom(bytes, sizeof bytes, 0) == sizeof bytes) {
    std::printf("getrandom %s\n", Hex(bytes, sizeof bytes).c_str());
  }
  for (const char* path : {"/dev/urandom", "/dev/random"}) {
    int fd = open(path, O_RDONLY);
    ssize_t count = read(fd, bytes, sizeof bytes);
    close(fd);
    std::printf("%s %zd %s\n", path, count, Hex(bytes, sizeof bytes).c_str());
  }
  std::printf("start %s\n", Hex(reinterpret_cast<void*>(getauxval(AT_RANDOM)), 16).c_str());
  int here = 0;
  std::printf("stack %p heap %p\n", static_cast<void*>(&here), std::malloc(10));
}

// Children that live side by side; each says who it is, told in the order of their making.
void Family(const Arguments& words) {
  int count = std::atoi(words.at(0).c_str());
  std::vector<int> ends;
  for (int i = 0; i < count; ++i) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) std::exit(9);
    if (fork() == 0) {
      std::uint32_t chance = 0;
      usleep(static_cast<useconds_t>((count - i) * 1000));
      if (getrandom(&chance, sizeof chance, 0) != sizeof chance) _exit(9);
      // A grandchild, whose place depends on its parent's only.
      pid_t grandchild = fork();
      if (grandchild == 0) _exit(0);
      waitpid(grandchild, nullptr, 0);
      std::string line = std::to_string(getpid()) + " of " + std::to_string(getppid()) + " " +
                         std::to_string(chance) + " " + std::to_string(grandchild) + "\n";
      if (write(pipe_ends[1], line.data(), line.size()) < 0) _exit(9);
      _exit(0);
    }
    close(pipe_ends[1]);
    ends.push_back(pipe_ends[0]);
  }
  for (int end : ends) {
    char line[128];
    ssize_t size = read(end, line, sizeof line);
    std::printf("%.*s", static_cast<int>(size), line);
  }
  while (wait(nullptr) > 0) {
  }
}

void* ThreadsChance(void* result) {
  std::uint64_t chance = 0;
  if (getrandom(&chance, sizeof chance, 0) != sizeof chance) std::exit(9);
  *static_cast<std::string*>(result) = std::to_string(gettid()) + " " + std::to_string(chance);
  return nullptr;
}

void Threads(const Arguments& words) {
  std::vector<pthread_t> threads(static_cast<std::size_t>(std::atoi(words.at(0).c_str())));
  std::vector<std::string> results(threads.size());
  for (std::size_t i = 0; i < threads.size(); ++i) {
    pthread_create(&threads[i], nullptr, ThreadsChance, &results[i]);
  }
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
  for (const std::string& result : results) std::printf("%s\n", result.c_str());
}

void Make(const std::string& path, const std::string& text) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, text.data(), text.size()) < 0) std::exit(9);
  close(fd);
}

struct stat Look(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) std::exit(8);
  return status;
}

void Show(const char* path) {
  struct stat s = Look(path);
  std::printf("%s dev %lu ino %lu size %ld blocks %ld mtime %ld atime %ld ctime %ld\n", path,
              s.st_dev, s.st_ino, s.st_size, s.st_blocks, s.st_mtime, s.st_atime, s.st_ctime);
}

void Files(const Arguments&) {
  mkdir("/build/folder", 0755);
  for (const char* name : {"z", "a", "m", "k"}) Make(std::string("/build/folder/") + name, name);
  DIR* folder = opendir("/build/folder");
  while (dirent* entry = readdir(folder)) {
    std::printf("entry %s %lu\n", entry->d_name, entry->d_ino);
  }
  closedir(folder);
  for (const char* path : {"/build", "/build/folder", "/build/folder/a", "/bin/hostile", "/"}) {
    Show(path);
  }
  struct statvfs space = {};
  statvfs("/build", &space);
  std::printf("free %lu of %lu\n", space.f_bfree, space.f_blocks);
}

void Expect(bool holds, const char* what) {
  if (!holds) std::printf("NOT: %s\n", what);
}

// What one file has to do with another.
void Identity(const Arguments&) {
  Make("/build/a", "1");
  if (link("/build/a", "/build/b") != 0) std::exit(9);
  Expect(Look("/build/a").st_ino == Look("/build/b").st_ino, "a hard link has its file's number");
  int old = open("/build/a", O_RDONLY);
  struct stat before = {};
  fstat(old, &before);
  Expect(before.st_ino == Look("/build/a").st_ino, "an open file has its path's number");
  unlink("/build/b");
  rename("/build/a", "/build/c");
  Expect(Look("/build/c").st_ino == before.st_ino, "a renamed file keeps its number");
  Make("/build/a", "2");
  Expect(Look("/build/a").st_ino != before.st_ino, "a new file at an old path has a new number");
  Expect(Look("/build/a").st_dev == before.st_dev, "one file system is one device");
  Expect(Look("/proc/self/exe").st_ino != Look("/proc/self/cwd").st_ino, "links of /proc differ");
  struct stat standard = {};
  Expect(stat("/dev/stdin", &standard) == 0 && S_ISCHR(standard.st_mode), "stdin is a device");
  errno = 0;
  Expect(stat("", &standard) != 0 && errno == ENOENT, "an empty path is ENOENT");
  Expect(fstat(77, &standard) != 0 && errno == EBADF, "a closed descriptor is EBADF");
  Expect(stat("/build/a/b", &standard) != 0 && errno == ENOTDIR, "a file is no folder");
  mkdir("/build/closed", 0000);
  Expect(stat("/build/closed/x", &standard) != 0 && errno == EACCES, "a closed folder is EACCES");
  rmdir("/build/closed");
  std::printf("looked\n");
}

bool IsNewer(const char* first, const char* second) {
  timespec a = Look(first).st_mtim;
  timespec b = Look(second).st_mtim;
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

// What make, ninja and find ask.
void Order(const Arguments&) {
  constexpr useconds_t kTicks = 20000;  // longer than the kernel's clock of files stands still
  Make("/build/source", "1");
  usleep(kTicks);
  Make("/build/target", "1");
  Expect(IsNewer("/build/target", "/build/source"), "what is made later is newer");
  usleep(kTicks);
  Make("/build/source", "2");
  Expect(IsNewer("/build/source", "/build/target"), "what is made anew is newer");
  usleep(kTicks);
  Make("/build/next", "x");
  rename("/build/next", "/build/target");
  Expect(IsNewer("/build/target", "/build/source"), "what is moved into place is newer");
  const timespec old[2] = {{1000, 0}, {1000, 5}};
  utimensat(AT_FDCWD, "/build/target", old, 0);
  Expect(Look("/build/target").st_mtim.tv_sec == 1000 && Look("/build/target").st_mtim.tv_nsec == 5,
         "a time that is set is shown");
  usleep(kTicks);
  utimensat(AT_FDCWD, "/build/target", nullptr, 0);
  Expect(IsNewer("/build/target", "/build/source"), "what is touched is newer");
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  Expect(Look("/build/target").st_mtim.tv_sec <= now.tv_sec, "no file is of the future");
  std::time_t second = Look("/build/target").st_mtime;
  sleep(1);
  Make("/build/later", "x");
  Expect(Look("/build/later").st_mtime > second, "after a second of sleep the second is another");
  std::printf("looked\n");
}

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void* SignalSoon(void* condition) {
  usleep(200000);
  pthread_mutex_lock(&mutex);
  pthread_cond_signal(static_cast<pthread_cond_t*>(condition));
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

volatile std::sig_atomic_t alarms = 0;

void CountAlarms() {
  std::signal(SIGALRM, [](int) { alarms = alarms + 1; });
}

// The machine's time in seconds, to some milliseconds. Under `full` nothing shows it but the true
// order of files: the time since the run began, shrunk so that the longest run, of `longest`
// seconds, takes half a second (sandbox/shown_time.h). `longest` 0: the machine's files as they
// are.
class MachineTime {
 public:
  explicit MachineTime(const Arguments& words) : longest_(std::atof(words.at(0).c_str())) {}
  bool IsHidden() const { return longest_ > 0; }
  double Now() const {
    Make("/tmp/now", "x");
    timespec time = Look("/tmp/now").st_mtim;
    constexpr long kHalf = 500000000;
    if (IsHidden()) return static_cast<double>(time.tv_nsec % kHalf) / kHalf * longest_;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

 private:
  double longest_;
};

// A wait until `seconds` have passed on `clock`, by `wait`, again and again until it is so: neither
// too early nor more than `most` times, and as long by the machine's time. `longer`: by how much
// the clock may be later.
struct Until {
  const char* name;
  clockid_t clock;
  double seconds;
  int most = 2;
  double longer = 0.1;
  double earlier = 0;
};

void Wait(const MachineTime& machine, const Until& until, const std::function<void()>& wait) {
  constexpr double kTicks = 0.02;  // files' time stands still for one, twice
  constexpr double kLate = 40;     // a machine with other work, which gives little used time
  double machines = machine.Now();
  double begin = Now(until.clock);
  int waits = 0;
  while (Now(until.clock) < begin + until.seconds && waits < 1000) {
    wait();
    ++waits;
  }
  double passed = Now(until.clock) - begin;
  double truly = machine.Now() - machines;
  bool is_late = machine.IsHidden() && passed > until.seconds + until.longer;
  if (waits > until.most || is_late || truly < until.seconds - kTicks - until.earlier ||
      truly > until.seconds + kLate) {
    std::printf("NOT: %s: %d waits, %.3f s by its clock, %.3f s by the machine's\n", until.name,
                waits, passed, truly);
  }
}

void WaitUntilATime(const MachineTime& machine, double wait, clockid_t clock) {
  timespec end = After(clock, wait);
  Wait(machine, {"clock_nanosleep", clock, wait},
       [&] { clock_nanosleep(clock, TIMER_ABSTIME, &end, nullptr); });
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, clock);
  pthread_cond_t condition;
  pthread_cond_init(&condition, &attributes);
  pthread_mutex_lock(&mutex);
  end = After(clock, wait);
  Wait(machine, {"pthread_cond_timedwait", clock, wait},
       [&] { pthread_cond_timedwait(&condition, &mutex, &end); });
  pthread_mutex_unlock(&mutex);
  int timer = timerfd_create(clock, 0);
  itimerspec setting = {};
  setting.it_value = After(clock, wait);
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, nullptr);
  Wait(machine, {"timerfd", clock, wait}, [&] {
    pollfd ready = {timer, POLLIN, 0};
    poll(&ready, 1, 5000);
  });
  close(timer);
}

void Waits(const Arguments& words) {
  constexpr double kWait = 0.2;
  const MachineTime machine(words);
  for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    WaitUntilATime(machine, kWait, clock);
  }
  Wait(machine, {"nanosleep", CLOCK_REALTIME, kWait}, [] { usleep(200000); });
  Wait(machine, {"select", CLOCK_MONOTONIC, kWait}, [] {
    timeval time = {0, 200000};
    select(0, nullptr, nullptr, nullptr, &time);
  });
  Wait(machine, {"poll", CLOCK_MONOTONIC, kWait}, [] { poll(nullptr, 0, 200); });
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  timespec end = After(CLOCK_REALTIME, kWait);
  Wait(machine, {"sem_timedwait", CLOCK_REALTIME, kWait}, [&] { sem_timedwait(&semaphore, &end); });
  CountAlarms();
  itimerval alarm = {{0, 0}, {0, 200000}};
  setitimer(ITIMER_REAL, &alarm, nullptr);
  Wait(machine, {"setitimer", CLOCK_MONOTONIC, kWait}, [] { pause(); });
  Expect(alarms == 1, "an alarm rings once");
  Wait(machine, {"a timerfd that is closed after", CLOCK_MONOTONIC, kWait}, [] {
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    itimerspec setting = {{0, 0}, {0, 200000000}};
    timerfd_settime(timer, 0, &setting, nullptr);
    std::uint64_t times = 0;
    if (read(timer, &times, sizeof times) != sizeof times) std::exit(9);
    close(timer);
  });
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  pthread_t other;
  pthread_create(&other, nullptr, SignalSoon, &condition);
  pthread_mutex_lock(&mutex);
  timespec late = After(CLOCK_REALTIME, 30);
  Expect(pthread_cond_timedwait(&condition, &mutex, &late) == 0, "a signal ends a wait early");
  pthread_mutex_unlock(&mutex);
  pthread_join(other, nullptr);
  double begin = Now(CLOCK_MONOTONIC);
  while (Now(CLOCK_MONOTONIC) < begin + 0.02) {
  }
  std::printf("waited\n");
}

// One second, and how long it was by the clock.
void Second(const Arguments&) {
  double begin = Now(CLOCK_MONOTONIC);
  sleep(1);
  std::printf("%.1f\n", Now(CLOCK_MONOTONIC) - begin);
}

timer_t NewTimer(clockid_t clock, int notify) {
  sigevent event = {};
  event.sigev_notify = notify;
  event.sigev_signo = SIGALRM;
  timer_t timer = nullptr;
  if (timer_create(clock, &event, &timer) != 0) std::exit(9);
  return timer;
}

// Waits for timers that ring again and again.
void Ringing(const Arguments& words) {
  const MachineTime machine(words);
  const itimerval often = {{0, 100000}, {0, 100000}};
  const itimerspec often_too = {{0, 100000000}, {0, 100000000}};
  const itimerval never = {};
  // It may ring for the first time at any moment.
  auto until = [](const char* name) { return Until{name, CLOCK_MONOTONIC, 0.5, 7, 0.2, 0.1}; };
  int descriptor = timerfd_create(CLOCK_MONOTONIC, 0);
  timerfd_settime(descriptor, 0, &often_too, nullptr);
  Wait(machine, until("reads"), [&] {
    std::uint64_t times = 0;
    if (read(descriptor, &times, sizeof times) != sizeof times) std::exit(9);
  });
  close(descriptor);
  CountAlarms();
  setitimer(ITIMER_REAL, &often, nullptr);
  Wait(machine, until("pauses"), [] { pause(); });
  Wait(machine, until("sleeps"), [] { sleep(10); });
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, nullptr);
  Wait(machine, until("sigwaits"), [&] {
    int signal = 0;
    sigwait(&alarm, &signal);
  });
  setitimer(ITIMER_REAL, &never, nullptr);
  sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  timer_t timer = NewTimer(CLOCK_MONOTONIC, SIGEV_SIGNAL);
  timer_settime(timer, 0, &often_too, nullptr);
  Wait(machine, until("timer_create"), [] { pause(); });
  timer_delete(timer);
  std::printf("waited\n");
}

std::atomic<bool> computes = true;

void* Compute(void*) {
  while (computes) {
  }
  return nullptr;
}

// Waits by clocks that are neither the time of day nor the uptime.
void OtherClocks(const Arguments& words) {
  constexpr double kWait = 0.2;
  const MachineTime machine(words);
  timespec end = After(CLOCK_TAI, kWait);
  Wait(machine, {"clock_nanosleep by CLOCK_TAI", CLOCK_TAI, kWait},
       [&] { clock_nanosleep(CLOCK_TAI, TIMER_ABSTIME, &end, nullptr); });
  CountAlarms();
  timer_t timer = NewTimer(CLOCK_TAI, SIGEV_SIGNAL);
  itimerspec setting = {};
  setting.it_value = After(CLOCK_TAI, kWait);
  timer_settime(timer, TIMER_ABSTIME, &setting, nullptr);
  Wait(machine, {"a timer by CLOCK_TAI", CLOCK_TAI, kWait}, [] { pause(); });
  timer = NewTimer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL);
  setting.it_value = After(CLOCK_PROCESS_CPUTIME_ID, kWait);
  double begin = machine.Now();
  alarms = 0;
  timer_settime(timer, TIMER_ABSTIME, &setting, nullptr);
  while (alarms == 0) {
  }
  Expect(machine.Now() - begin > kWait - 0.05, "a timer of used time rings when it is used");
  pthread_t other;
  pthread_create(&other, nullptr, Compute, nullptr);
  end = After(CLOCK_PROCESS_CPUTIME_ID, kWait);
  Wait(machine, {"clock_nanosleep by used time", CLOCK_PROCESS_CPUTIME_ID, kWait},
       [&] { clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &end, nullptr); });
  computes = false;
  pthread_join(other, nullptr);
  std::printf("waited\n");
}

void* Sleep(void* microseconds) {
  usleep(*static_cast<useconds_t*>(microseconds));
  return nullptr;
}

// Timers that are taken off before they ring, and then more time than they had: under `full` of
// that the clock is told nothing, for it is another thread that sleeps.
void TakenOff(const Arguments&) {
  const itimerval soon = {{0, 0}, {2, 0}};
  const itimerval never = {};
  const itimerspec soon_too = {{0, 0}, {2, 0}};
  const itimerspec never_too = {};
  double begin = Now(CLOCK_MONOTONIC);
  alarm(2);
  alarm(0);
  setitimer(ITIMER_REAL, &soon, nullptr);
  setitimer(ITIMER_REAL, &never, nullptr);
  alarm(2);
  setitimer(ITIMER_REAL, &never, nullptr);  // the same timer
  int descriptors[4];
  for (int& descriptor : descriptors) {
    descriptor = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(descriptor, 0, &soon_too, nullptr);
  }
  timerfd_settime(descriptors[3], 0, &never_too, nullptr);
  for (int i = 0; i < 3; ++i) close(descriptors[i]);
  // Another with the first one's number, which is not set.
  Expect(timerfd_create(CLOCK_MONOTONIC, 0) == descriptors[0], "a number is given again");
  Now(CLOCK_MONOTONIC);  // a look, which finds the others closed
  timer_t timer = NewTimer(CLOCK_MONOTONIC, SIGEV_NONE);
  timer_settime(timer, 0, &soon_too, nullptr);
  timer_settime(timer, 0, &never_too, nullptr);
  timer = NewTimer(CLOCK_MONOTONIC, SIGEV_NONE);
  timer_settime(timer, 0, &soon_too, nullptr);
  timer_delete(timer);
  pthread_t sleeper;
  useconds_t pause = 2300000;
  pthread_create(&sleeper, nullptr, Sleep, &pause);
  pthread_join(sleeper, nullptr);
  std::printf("%.1f\n", Now(CLOCK_MONOTONIC) - begin);
}

void Machine(const Arguments&) {
  utsname name = {};
  uname(&name);
  struct sysinfo info = {};
  sysinfo(&info);
  unsigned cpu = 9;
  unsigned node = 9;
  syscall(SYS_getcpu, &cpu, &node, nullptr);
  cpu_set_t processors;
  CPU_ZERO(&processors);
  sched_getaffinity(0, sizeof processors, &processors);
  std::printf("%s %s %s uptime %ld memory %lu cpu %u node %u processors %d times %ld\n",
              name.nodename, name.release, name.version, info.uptime, info.totalram, cpu, node,
              CPU_COUNT(&processors), static_cast<long>(times(nullptr)));
  std::printf("online %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
  for (const char* path : {"cpuinfo", "loadavg", "meminfo", "stat", "uptime", "version"}) {
    std::printf("%s", ReadText(std::string("/proc/") + path).c_str());
  }
}

// A folder whose entries are removed while it is read, as `rm -r` does.
void Empty(const Arguments& words) {
  int count = std::atoi(words.at(0).c_str());
  mkdir("/build/many", 0755);
  for (int i = 0; i < count; ++i) Make("/build/many/file" + std::to_string(i), "");
  DIR* folder = opendir("/build/many");
  int removed = 0;
  while (dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    removed += unlinkat(dirfd(folder), entry->d_name, 0) == 0 ? 1 : 0;
  }
  // Rewound it is read anew.
  rewinddir(folder);
  int left = 0;
  while (readdir(folder) != nullptr) ++left;
  closedir(folder);
  std::printf("removed %d left %d folder %d\n", removed, left, rmdir("/build/many"));
}

void Execute(const Arguments& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  std::printf("%s\n", strerrorname_np(errno));
}

[[gnu::noinline]] pid_t StartByVfork(char** words) {
  pid_t child = vfork();
  if (child == 0) {
    execv(words[0], words);
    _exit(9);
  }
  return child;
}

// Programs that are started without a copy of their parent, one by vfork, one by posix_spawn.
void Spawn(const Arguments&) {
  char program[] = "/bin/hostile";
  char look[] = "chance";
  char* words[] = {program, look, nullptr};
  for (bool by_vfork : {true, false, true}) {
    std::fflush(stdout);
    pid_t child = by_vfork ? StartByVfork(words) : -1;
    if (!by_vfork && posix_spawn(&child, program, nullptr, nullptr, words, nullptr) != 0) {
      std::exit(9);
    }
    int status = 0;
    waitpid(child, &status, 0);
    std::printf("process %d ended with %d\n", child, status);
  }
}

void Debug(const Arguments&) {
  if (fork() == 0) {
    bool is_traced = ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0;
    std::printf("%s\n", is_traced ? "traced" : strerrorname_np(errno));
    std::fflush(stdout);
    _exit(0);
  }
  wait(nullptr);
}

// Waits whose end the socket has of its own, or recvmmsg is given. No clock goes on by them.
struct Pair {
  Pair() {
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0) std::exit(9);
  }
  ~Pair() {
    close(ends[0]);
    close(ends[1]);
  }
  void SetTimeout(int option, long milliseconds) const {
    const timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    if (setsockopt(ends[0], SOL_SOCKET, option, &time, sizeof time) != 0) std::exit(9);
  }
  int ends[2];
};

// Of three messages at most, until one comes after `milliseconds`: what recvmmsg returns.
int ReceiveMany(int socket, long milliseconds) {
  char bytes[3] = {};
  iovec parts[3] = {{&bytes[0], 1}, {&bytes[1], 1}, {&bytes[2], 1}};
  mmsghdr messages[3] = {};
  for (int i = 0; i < 3; ++i) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  return recvmmsg(socket, messages, 3, 0, &time);
}

void* SendLater(void* socket) {
  usleep(300000);
  if (send(*static_cast<int*>(socket), "x", 1, 0) != 1) std::exit(9);
  return nullptr;
}

void SocketWaits(const Arguments&) {
  double begin = Now(CLOCK_MONOTONIC);
  char byte = 0;
  {
    Pair pair;
    pair.SetTimeout(SO_RCVTIMEO, 200);
    errno = 0;
    ssize_t count = recv(pair.ends[0], &byte, 1, 0);
    std::printf("SO_RCVTIMEO %zd %s\n", count, strerrorname_np(errno));
    if (send(pair.ends[1], "xy", 2, 0) != 2 || send(pair.ends[1], "z", 1, 0) != 1) std::exit(9);
    // The third is waited for as long as the socket says: the end of recvmmsg is far.
    std::printf("recvmmsg, SO_RCVTIMEO %d\n", ReceiveMany(pair.ends[0], 60000));
  }
  {
    Pair pair;
    pair.SetTimeout(SO_RCVTIMEO, 2000);  // should the message be there before recvmmsg is
    pthread_t sender;
    pthread_create(&sender, nullptr, SendLater, &pair.ends[1]);
    std::printf("recvmmsg %d\n", ReceiveMany(pair.ends[0], 100));
    pthread_join(sender, nullptr);
  }
  {
    Pair pair;
    pair.SetTimeout(SO_SNDTIMEO, 200);
    errno = 0;
    while (send(pair.ends[0], &byte, 1, 0) == 1) continue;
    std::printf("SO_SNDTIMEO %s\n", strerrorname_np(errno));
  }
  std::printf("passed %.3f\n", Now(CLOCK_MONOTONIC) - begin);
  // A loop over them ends by its looks at the clock alone, of which most are made before it.
  for (int look = 0; look < 900; ++look) Now(CLOCK_MONOTONIC);
  Pair pair;
  pair.SetTimeout(SO_RCVTIMEO, 1);
  int waits = 0;
  begin = Now(CLOCK_MONOTONIC);
  for (; Now(CLOCK_MONOTONIC) < begin + 0.01; ++waits) recv(pair.ends[0], &byte, 1, 0);
  std::printf("waits %d\n", waits);
}

// Files that are made where another one was removed just before, and whose number is the removed
// one's.
void Reuse(const Arguments&) {
  int again = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string first = "/build/first" + std::to_string(i);
    const std::string second = "/build/second" + std::to_string(i);
    Make(first, "x");
    const ino_t number = Look(first).st_ino;
    unlink(first.c_str());
    Make(second, "x");
    again += Look(second).st_ino == number ? 1 : 0;
    unlink(second.c_str());
  }
  std::printf("%s\n", again > 0 ? "again" : "never");
}

// A wait that a handler has ended is over, though a later one, with no end in time, begins again
// after a signal that nobody handles: nothing is written to where the first said what was left.
void OldWait(const Arguments&) {
  int ends[2];
  if (pipe(ends) != 0) std::exit(9);
  std::signal(SIGALRM, [](int) {});
  if (fork() == 0) {
    usleep(300000);
    kill(getppid(), SIGWINCH);
    usleep(200000);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 9);
  }
  const itimerval soon = {{0, 0}, {0, 100000}};
  setitimer(ITIMER_REAL, &soon, nullptr);
  const timespec wait = {10, 0};
  timespec left = {};
  const int ended = nanosleep(&wait, &left);
  left = {77, 88};
  pollfd end = {ends[0], POLLIN, 0};
  const int ready = poll(&end, 1, -1);
  std::printf("nanosleep %d poll %d left %ld %ld\n", ended, ready, left.tv_sec, left.tv_nsec);
}

// A child that asks not to be followed.
void Untraced(const Arguments&) {
  const long child = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  std::printf("%s\n", child < 0 ? strerrorname_np(errno) : "born");
}

void Print(const char* name, const timespec& left) {
  std::printf("%s %ld.%09ld\n", name, left.tv_sec, left.tv_nsec);
}
void Print(const char* name, const timeval& left) {
  std::printf("%s %ld.%06ld\n", name, left.tv_sec, left.tv_usec);
}

// Time passes that no clock shows under `full`.
void ComputeAWhile() {
  for (std::atomic<int> i = 0; i < 3000000; ++i) continue;
}

// What is left of a timer that is set by `set`, changed and looked at.
void TimersLeft() {
  const itimerspec time = {{0, 0}, {4, 300000000}};
  itimerspec left = {};
  for (clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_PROCESS_CPUTIME_ID}) {
    timer_t timer = NewTimer(clock, SIGEV_NONE);
    timer_settime(timer, 0, &time, nullptr);
    ComputeAWhile();
    timer_gettime(timer, &left);
    Print("timer_gettime", left.it_value);
    itimerspec far = {};
    far.it_value = After(clock, 1000000);
    timer_settime(timer, TIMER_ABSTIME, &far, &left);
    Print("timer_settime", left.it_value);
    timer_gettime(timer, &left);
    Print("timer_gettime", left.it_value);
  }
  int descriptor = timerfd_create(CLOCK_BOOTTIME, 0);
  timerfd_settime(descriptor, 0, &time, nullptr);
  ComputeAWhile();
  timerfd_gettime(descriptor, &left);
  Print("timerfd_gettime", left.it_value);
  const itimerspec never = {};
  timerfd_settime(descriptor, 0, &never, &left);
  Print("timerfd_settime", left.it_value);
}

void AlarmsLeft() {
  const itimerval time = {{0, 0}, {4, 300000}};
  const itimerval never = {};
  itimerval left = {};
  for (__itimer_which_t which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    setitimer(which, &time, nullptr);
    ComputeAWhile();
    getitimer(which, &left);
    Print("getitimer", left.it_value);
    setitimer(which, &never, &left);
    Print("setitimer", left.it_value);
    getitimer(which, &left);
    Print("getitimer", left.it_value);
  }
  setitimer(ITIMER_REAL, &time, nullptr);
  std::printf("alarm %u", alarm(7));
  std::printf(" %u", alarm(0));
  std::printf(" %u\n", alarm(0));
}

// A child that writes a byte when its parent waits.
void WriteSoon(int end) {
  if (fork() != 0) return;
  ComputeAWhile();
  _exit(write(end, "x", 1) == 1 ? 0 : 9);
}

// A child that sends signals, whenever its parent waits.
pid_t SendSignals() {
  const pid_t parent = getpid();
  const pid_t child = fork();
  while (child == 0) {
    ComputeAWhile();
    if (kill(parent, SIGALRM) != 0) _exit(9);
  }
  return child;
}

void WaitsLeft() {
  int ends[2];
  char byte = 0;
  if (pipe(ends) != 0) std::exit(9);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  timeval old_form = {4, 300000};
  WriteSoon(ends[1]);
  syscall(SYS_select, ends[0] + 1, &set, nullptr, nullptr, &old_form);
  Print("select", old_form);
  if (read(ends[0], &byte, 1) != 1) std::exit(9);
  timespec time = {4, 300000000};
  pollfd ready = {ends[0], POLLIN, 0};
  WriteSoon(ends[1]);
  syscall(SYS_ppoll, &ready, 1, &time, nullptr, 8);
  Print("ppoll", time);
  FD_SET(ends[0], &set);
  syscall(SYS_pselect6, ends[0] + 1, &set, nullptr, nullptr, &time, nullptr);
  Print("pselect6", time);
  Pair pair;
  iovec part = {&byte, 1};
  mmsghdr message = {};
  message.msg_hdr.msg_iov = &part;
  message.msg_hdr.msg_iovlen = 1;
  WriteSoon(pair.ends[1]);
  syscall(SYS_recvmmsg, pair.ends[0], &message, 1, 0, &time);
  Print("recvmmsg", time);
  CountAlarms();
  timespec left = {};
  const pid_t disturber = SendSignals();
  const int error = nanosleep(&time, &left) == 0 ? 0 : errno;
  kill(disturber, SIGKILL);
  waitpid(disturber, nullptr, 0);
  std::printf("%s ", strerrorname_np(error));
  Print("nanosleep", left);
  // Often disturbed, and begun again each time.
  itimerval often = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &often, nullptr);
  time = {0, 300000000};
  int sleeps = 1;
  while (nanosleep(&time, &time) != 0 && sleeps < 1000) ++sleeps;
  std::printf("came to its end %d\n", sleeps < 30);
}

// How much time is left, wherever the kernel tells it.
void TimeLeft(const Arguments&) {
  TimersLeft();
  AlarmsLeft();
  WaitsLeft();
}

// What System V's segments, semaphores and queues tell of time.
void Ipc(const Arguments&) {
  int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  shmid_ds segment = {};
  if (shmctl(id, IPC_STAT, &segment) != 0) std::exit(9);
  std::printf("segment %ld %ld", segment.shm_ctime, segment.shm_atime);
  shmat(id, nullptr, 0);
  if (shmctl(0, SHM_STAT, &segment) != id) std::exit(9);
  std::printf(" %ld %ld %d\n", segment.shm_ctime, segment.shm_atime, segment.shm_lpid);
  id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
  sembuf up = {0, 1, 0};
  semop(id, &up, 1);
  semid_ds semaphores = {};
  if (semctl(id, 0, IPC_STAT, &semaphores) != 0) std::exit(9);
  std::printf("semaphores %ld %ld\n", semaphores.sem_ctime, semaphores.sem_otime);
  id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  struct {
    long type = 1;
    char text[4] = {};
  } message;
  msgsnd(id, &message, sizeof message.text, 0);
  msqid_ds queue = {};
  if (msgctl(id, IPC_STAT, &queue) != 0) std::exit(9);
  std::printf("queue %ld %ld %ld\n", queue.msg_ctime, queue.msg_stime, queue.msg_rtime);
  for (const char* name : {"shm", "sem", "msg"}) {
    std::printf("%s %zu\n", name, ReadText(std::string("/proc/sysvipc/") + name).size());
  }
}

void PrintPort(const char* name, int socket) {
  sockaddr_in address = {};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%s %d\n", name, ntohs(address.sin_port));
}

// Names and ports that a socket gets without asking for one.
void Addresses(const Arguments&) {
  for (int i = 0; i < 3; ++i) {
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(socket, reinterpret_cast<sockaddr*>(&name), sizeof name.sun_family) != 0) std::exit(9);
    socklen_t size = sizeof name;
    getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size);
    std::printf("name of %u: %.5s\n", size, name.sun_path + 1);
    sockaddr_nl number = {};
    number.nl_family = AF_NETLINK;
    socket = ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (bind(socket, reinterpret_cast<sockaddr*>(&number), sizeof number) != 0) std::exit(9);
    size = sizeof number;
    getsockname(socket, reinterpret_cast<sockaddr*>(&number), &size);
    std::printf("number %u\n", number.nl_pid);
  }
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  const auto* address = reinterpret_cast<const sockaddr*>(&any);
  int bound = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(bound, address, sizeof any) != 0) std::exit(9);
  PrintPort("bound", bound);
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  if (listen(listening, 1) != 0) std::exit(9);
  PrintPort("listening", listening);
  any.sin_port = htons(53);
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connected = socket(AF_INET, SOCK_DGRAM, 0);
  connect(connected, address, sizeof any);
  PrintPort("connected", connected);
  int sending = socket(AF_INET, SOCK_DGRAM, 0);
  sendto(sending, "x", 1, 0, address, sizeof any);
  PrintPort("sending", sending);
  int stream = socket(AF_INET, SOCK_STREAM, 0);
  any.sin_port = 0;
  const int result = bind(stream, address, sizeof any);
  std::printf("TCP %s\n", result == 0 ? "bound" : strerrorname_np(errno));
}

void PrintError(const char* name, int result) {
  std::printf("%s %s\n", name, result == 0 ? "told" : strerrorname_np(errno));
}

// What a socket, a process's descriptor, a namespace and a file tell of the machine.
void Numbers(const Arguments&) {
  Pair pair;
  const int on = 1;
  for (int option : {29, 35, 37, 63, 64, 65}) {  // SO_TIMESTAMP and the like
    PrintError("stamp", setsockopt(pair.ends[0], SOL_SOCKET, option, &on, sizeof on));
  }
  for (int option : {49, 57, 71}) {  // SO_INCOMING_CPU, SO_COOKIE, SO_NETNS_COOKIE
    std::uint64_t value = 0;
    socklen_t size = option == 49 ? sizeof on : sizeof value;
    PrintError("option", getsockopt(pair.ends[0], SOL_SOCKET, option, &value, &size));
  }
  char room[512] = {};
  const int self = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  room[0] = 0x17;
  PrintError("PIDFD_GET_INFO", ioctl(self, _IOWR(0xff, 11, char[64]), room));
  const int users = static_cast<int>(ioctl(self, _IO(0xff, 9), 0));  // PIDFD_GET_USER_NAMESPACE
  PrintError("NS_GET_ID", ioctl(users, _IOR(0xb7, 13, std::uint64_t), room));
  Make("/build/file", "x");
  const int file = open("/build/file", O_RDONLY | O_CLOEXEC);
  PrintError("FS_IOC_GETFSUUID", ioctl(file, _IOR(0x15, 0, char[17]), room));
  PrintError("FS_IOC_GETVERSION", ioctl(file, FS_IOC_GETVERSION, room));
  std::memset(room, 0, sizeof room);
  PrintError("FS_IOC_FIEMAP", ioctl(file, FS_IOC_FIEMAP, room));
  constexpr std::size_t kMount = 0x90;  // stx_mnt_id
  constexpr unsigned kAsked = 0x1fff;   // STATX_BTIME, STATX_MNT_ID and all the others
  std::memset(room, 0, sizeof room);
  syscall(SYS_statx, AT_FDCWD, "/build/file", 0, kAsked, room);
  std::uint32_t mask = 0;
  std::memcpy(&mask, room, sizeof mask);
  std::printf("mask %x mount %s\n", mask, Hex(room + kMount, 8).c_str());
}

// What no level of determinism can change: instructions that do not fault.
void Processor(const Arguments&) {
#ifdef __x86_64__
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  __get_cpuid(1, &a, &b, &c, &d);
  std::printf("cpuid %u\n", b >> 24);
  // The segment in whose limit the kernel keeps the processor's number for the vDSO.
  unsigned selector = 0x7b;
  unsigned limit = 0;
  __asm__("lsl %1, %0" : "=r"(limit) : "r"(selector) : "cc");
  std::printf("segment %u\n", limit & 0xfff);
  bool has_rdrand = (c & (1u << 30)) != 0;
  std::uint64_t chance = 0;
  if (has_rdrand) __asm__ volatile("rdrand %0" : "=r"(chance) : : "cc");
  std::printf("rdrand %llu\n", static_cast<unsigned long long>(chance));
  constexpr unsigned kRdpid = 1u << 22;
  bool has_rdpid = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & kRdpid) != 0;
  std::uint64_t number = 0;
  if (has_rdpid) __asm__ volatile("rdpid %0" : "=r"(number));
  std::printf("rdpid %llu\n", static_cast<unsigned long long>(number & 0xfff));
#endif
}

// What a process has used, by wait4 and by getrusage; and a pipe's number, by /proc and by fstat.
void Used(const Arguments&) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  rusage by_wait = {};
  rusage by_look = {};
  wait4(child, nullptr, 0, &by_wait);
  getrusage(RUSAGE_CHILDREN, &by_look);
  auto sum = [](const rusage& used) {
    return used.ru_maxrss + used.ru_minflt + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  };
  std::printf("wait4 %d getrusage %d\n", sum(by_wait) > 0, sum(by_look) > 0);
  int ends[2];
  if (pipe(ends) != 0) std::exit(9);
  char link[64] = {};
  if (readlink(("/proc/self/fd/" + std::to_string(ends[0])).c_str(), link, sizeof link - 1) < 0) {
    std::exit(9);
  }
  struct stat status = {};
  fstat(ends[0], &status);
  std::printf("link %s\nfstat %lu\n", link, status.st_ino);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(const Arguments&)> looks = {
      {"addresses", Addresses},
      {"chance", Chance},
      {"clock", Clock},
      {"debug", Debug},
      {"empty", Empty},
      {"execute", Execute},
      {"family", Family},
      {"files", Files},
      {"identity", Identity},
      {"ipc", Ipc},
      {"machine", Machine},
      {"numbers", Numbers},
      {"old-wait", OldWait},
      {"order", Order},
      {"other-clocks", OtherClocks},
      {"processor", Processor},
      {"reuse", Reuse},
      {"ringing", Ringing},
      {"second", Second},
      {"socket-waits", SocketWaits},
      {"spawn", Spawn},
      {"taken-off", TakenOff},
      {"threads", Threads},
      {"time-left", TimeLeft},
      {"untraced", Untraced},
      {"used", Used},
      {"waits", Waits},
  };
  auto look = argc < 2 ? looks.end() : looks.find(argv[1]);
  if (look == looks.end()) return 2;
  look->second(Arguments(argv + 2, argv + argc));
  return 0;
}
