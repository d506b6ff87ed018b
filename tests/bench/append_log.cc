// Durable appends to a log that is already long: how many a second, in how much memory, and how
// soon after its start.  See --help.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <thread>

#include "farm/base/files.h"
#include "farm/client/tiles.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"
#include "farm/log/right_edge.h"
#include "farm/log/sequencer.h"
#include "farm/log/tile_log.h"
#include "tests/bench/measure.h"

namespace bench {
namespace {

constexpr char kOrigin[] = "log.farm.example";
constexpr std::size_t kLeafBytes = 1400;  // a hashedrekord with a certificate
constexpr std::size_t kPayloadBytes = 3000;

struct Options {
  std::vector<std::uint64_t> sizes = {1'000, 10'000, 100'000, 1'000'000, 10'000'000};
  std::uint64_t appends = 200'000;
  std::uint64_t payloads = 2'000;
  std::size_t batch = 4096;
  int callers = 2;
  std::string place = TemporaryPlace();
  bool json = false;
};

template <typename T>
T Need(farm::Result<T> result) {
  if (!result) Fail(40, result.error().message);
  return *std::move(result);
}

void Need(const farm::Status& status) {
  if (!status) Fail(40, status.error().message);
}

// Leaves that are all different and cost little to make.
std::string Leaf(std::uint64_t number) {
  static const std::string filling = farm::RandomBytes(kLeafBytes);
  std::string leaf = filling;
  leaf.replace(0, 20, std::to_string(1'000'000'000'000'000'000 + number) + "\n");
  return leaf;
}

std::vector<std::string> LeavesFrom(std::uint64_t first, std::size_t count) {
  std::vector<std::string> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(Leaf(first + i));
  return leaves;
}

farm::TileLogOptions LogOptions() {
  return {kOrigin, {0, 0, [](const std::string&) -> farm::Result<std::uint64_t> { return 1; }}, {}};
}

// A log of `size` leaves as it lies on disk, without the entry bundles and payloads that nobody
// reads here: all but the last leaves are only hashes, made up.
class State {
 public:
  State(const std::string& directory, std::uint64_t size) : directory_(directory) {
    Need(farm::TileLog::Open(farm::RealFileSystem(), directory, LogOptions()));
    std::mt19937_64 random(size);
    farm::RightEdge edge;
    while (edge.size() + farm::kTileWidth < size) {
      std::vector<farm::Digest> hashes;
      std::string bytes;
      while (hashes.size() < farm::kTileWidth) {
        std::string hash;
        while (hash.size() < farm::Digest::kSize) {
          const std::uint64_t word = random();
          hash.append(reinterpret_cast<const char*>(&word), sizeof word);
        }
        bytes += hash;
        hashes.push_back(farm::Digest::FromBytes(hash));
      }
      Write(farm::TilePath({0, edge.size() / farm::kTileWidth, farm::kTileWidth}), bytes);
      farm::RightEdge::Tiles above;
      edge.AppendTile(hashes, above);
      for (const auto& [name, tile] : above) Write(name, tile);
    }
    farm::RightEdge::Tiles last;
    while (edge.size() < size) edge.Append(Leaf(edge.size()), last);
    for (const farm::TileId& tile : edge.Partials()) last[farm::TilePath(tile)] = *edge.Bytes(tile);
    for (const auto& [name, tile] : last) Write(name, tile);
    Write("head", farm::CheckpointText({kOrigin, size, edge.Root()}));
  }

 private:
  void Write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_ + "/" + name;
    const std::string parent = farm::DirectoryName(path);
    if (parent != last_parent_) Need(farm::MakeDirectories(parent, 0755));
    last_parent_ = parent;
    WriteFile(path, bytes);
  }

  const std::string directory_;
  std::string last_parent_;
};

// In kB: "VmRSS:" as it is, "VmHWM:" at its highest.
long MemoryOf(const std::string& what) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kilobytes = 0;
    if (word == what && status >> kilobytes) return kilobytes;
  }
  Fail(70, "/proc/self/status has no " + what);
}

// Appends so many leaves in batches, from several threads; a second.
double AppendsASecond(farm::Sequencer& sequencer, std::uint64_t first, const Options& options) {
  std::atomic<std::uint64_t> next{0};
  const auto append = [&] {
    for (std::uint64_t at = next.fetch_add(options.batch); at < options.appends;
         at = next.fetch_add(options.batch)) {
      const std::vector<std::string> leaves = LeavesFrom(first + at, options.batch);
      const auto placements = Need(sequencer.AppendAll(leaves));
      const farm::Placement& last = placements.back();
      Need(farm::CheckInclusion(farm::LeafHash(leaves.back()), last.index, last.checkpoint.size,
                                last.inclusion, last.checkpoint.root));
    }
  };
  const double time = MicrosecondsOf([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < options.callers; ++i) threads.emplace_back(append);
    for (std::thread& thread : threads) thread.join();
  });
  const std::uint64_t batches = (options.appends + options.batch - 1) / options.batch;
  return static_cast<double>(batches * options.batch) / time * 1e6;
}

// What the disk does with the same bytes and nothing around them: one file, synced after each
// batch.
double BareAppendsASecond(const std::string& path, const Options& options) {
  std::uint64_t done = 0;
  const double time = MicrosecondsOf([&] {
    const auto file = Need(farm::RealFileSystem().Create(path, true));
    while (done < options.appends) {
      std::string bytes;
      for (const std::string& leaf : LeavesFrom(done, options.batch)) bytes += leaf;
      Need(file->Append(bytes));
      Need(file->Sync());
      done += options.batch;
    }
  });
  return static_cast<double>(done) / time * 1e6;
}

// As the log's gRPC door does: each caller one payload at a time.
double PayloadsASecond(farm::TileLog& log, const Options& options) {
  constexpr int kCallers = 64;
  std::atomic<std::uint64_t> next{0};
  const std::string filling = farm::RandomBytes(kPayloadBytes);
  const double time = MicrosecondsOf([&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < kCallers; ++i) {
      threads.emplace_back([&] {
        for (std::uint64_t at = next++; at < options.payloads; at = next++) {
          const std::string payload = std::to_string(at) + filling;
          Need(log.PutPayload(farm::Sha256(payload), payload));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  return static_cast<double>(options.payloads) / time * 1e6;
}

nlohmann::json Measure(const std::string& directory, std::uint64_t size, const Options& options) {
  std::unique_ptr<farm::TileLog> log;
  const long before = MemoryOf("VmRSS:");
  const double start = MicrosecondsOf(
      [&] { log = Need(farm::TileLog::Open(farm::RealFileSystem(), directory, LogOptions())); });
  const long opened = MemoryOf("VmRSS:");
  farm::SequencerOptions keys;
  keys.key = farm::NewMemorySigner(farm::PrivateKey::Generate(farm::KeyKind::kEd25519));
  keys.ecdsa_key = farm::NewMemorySigner(farm::PrivateKey::Generate(farm::KeyKind::kP256));
  const auto sequencer = Need(farm::Sequencer::Start(*log, std::move(keys)));
  const double appends = AppendsASecond(*sequencer, size, options);
  const double bare = BareAppendsASecond(directory + ".bare", options);
  const double payloads = options.payloads == 0 ? 0 : PayloadsASecond(*log, options);
  return {{"leaves", size},
          {"startSeconds", start / 1e6},
          {"memoryAtStartKilobytes", opened},
          {"memoryOfTheLogKilobytes", opened - before},
          {"memoryAtMostKilobytes", MemoryOf("VmHWM:")},
          {"appendsASecond", appends},
          {"bareAppendsASecond", bare},
          {"ratioToBare", appends / bare},
          {"payloadsASecond", payloads}};
}

// Each size in a process of its own, so that its memory is its own.
nlohmann::json MeasureInChild(const Folder& folder, std::uint64_t size, const Options& options) {
  const std::string directory = folder.path() + "/log";
  const std::string answer = folder.path() + "/answer.json";
  if (InChild([&] { State(directory, size); }) != 0) Fail(40, "no log to begin with");
  if (InChild([&] { WriteFile(answer, Measure(directory, size, options).dump()); }) != 0) {
    Fail(40, "not measured");
  }
  std::ifstream file(answer);
  return nlohmann::json::parse(file);
}

void Print(const std::vector<nlohmann::json>& rows, const Options& options) {
  const nlohmann::json machine = Machine();
  const auto rate = [](const nlohmann::json& row) { return row["appendsASecond"].get<double>(); };
  if (options.json) {
    std::printf("%s\n", nlohmann::json({{"benchmark", "append_log"},
                                        {"machine", machine},
                                        {"appends", options.appends},
                                        {"batch", options.batch},
                                        {"callers", options.callers},
                                        {"leafBytes", kLeafBytes},
                                        {"rows", rows},
                                        {"ratioOfLastToFirst", rate(rows.back()) / rate(rows[0])}})
                            .dump()
                            .c_str());
    return;
  }
  std::printf("%s\n%llu leaves of %zu bytes appended to each, %zu a call, %d callers\n",
              MachineText(machine).c_str(), static_cast<unsigned long long>(options.appends),
              kLeafBytes, options.batch, options.callers);
  std::printf("%10s %9s %9s %9s %10s %9s %8s %11s\n", "leaves", "start s", "start MB", "most MB",
              "appends/s", "to first", "to bare", "payloads/s");
  for (const nlohmann::json& row : rows) {
    std::printf("%10llu %9.2f %9.0f %9.0f %10.0f %9s %8s %11.0f\n",
                static_cast<unsigned long long>(row["leaves"].get<std::uint64_t>()),
                row["startSeconds"].get<double>(),
                row["memoryAtStartKilobytes"].get<double>() / 1024,
                row["memoryAtMostKilobytes"].get<double>() / 1024, rate(row),
                RatioText(rate(row), rate(rows[0])).c_str(),
                RatioText(rate(row), row["bareAppendsASecond"].get<double>()).c_str(),
                row["payloadsASecond"].get<double>());
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  CLI::App app(
      "Durable appends to logs that are already so long: leaves of 1.4 kB, each answered with its "
      "place under a published checkpoint and its inclusion proof; no witnesses.  Prints for each "
      "length the time until the log is open, its memory, the appends a second, their ratio to the "
      "first length's and to one bare file that is synced after each batch of the same bytes, and "
      "the payloads a second that 64 callers store one by one.\n"
      "The leaves that are there are hashes without entries: 32 bytes each on disk.\n"
      "exit codes: 0 measured, 2 usage, 40 the log failed");
  app.add_option("--sizes", options.sizes, "leaves before (default 1000,10000,...,10000000)")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--appends", options.appends, "how many to each (default 200000)")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "leaves a call (default 4096)")
      ->check(CLI::Range(std::size_t{1}, farm::kCommitLeavesMax));
  app.add_option("--callers", options.callers, "threads (default 2)")->check(CLI::Range(1, 64));
  app.add_option("--payloads", options.payloads, "how many to each (default 2000)");
  app.add_option("--place", options.place, "on the disk to measure (default TMPDIR or /var/tmp)");
  app.add_flag("--json", options.json, "one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::vector<nlohmann::json> rows;
  // All stay to the end: a file system may be slow for minutes after many files were removed.
  std::vector<std::unique_ptr<bench::Folder>> folders;
  for (const std::uint64_t size : options.sizes) {
    folders.push_back(std::make_unique<bench::Folder>(options.place));
    rows.push_back(bench::MeasureInChild(*folders.back(), size, options));
  }
  bench::Print(rows, options);
}
