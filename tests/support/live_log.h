// LiveLog: a log in a directory, as farm-log runs it, with two fake witnesses; its entries name
// payloads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/client/log_reader.h"
#include "farm/crypto/key.h"
#include "farm/log/log_check.h"
#include "farm/log/sequencer.h"
#include "farm/log/tile_log.h"
#include "tests/support/fake_witness.h"

namespace farm {

// Not thread-safe.
class LiveLog {
 public:
  static constexpr char kOrigin[] = "log.farm.example";
  explicit LiveLog(std::string directory) : directory_(std::move(directory)) {}

  // Errors: those of TileLog::Open and Sequencer::Start.
  Status Start();
  void Stop();
  // Entries number `begin` to `end`, payloads first.  Starts the log if need be.
  Result<std::vector<Placement>> Append(std::uint64_t begin, std::uint64_t end);

  TileLog& log() { return *log_; }
  Sequencer& sequencer() { return *sequencer_; }
  const std::string& directory() const { return directory_; }
  FakeWitness& first() { return first_; }
  FakeWitness& second() { return second_; }
  const PrivateKey& key() const { return key_; }
  // The log's key and both witnesses.
  LogTrust trust();
  CheckNote check() { return CheckNoteBy(trust()); }

  static std::string Leaf(std::uint64_t number);
  static std::string Pae(std::uint64_t number);

 private:
  const std::string directory_;
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey ecdsa_key_ = PrivateKey::Generate(KeyKind::kP256);
  FakeWitness first_{"w1"};
  FakeWitness second_{"w2"};
  std::unique_ptr<TileLog> log_;
  std::unique_ptr<Sequencer> sequencer_;
};

}  // namespace farm
