// ServedLog: a log in memory, its tiles and payloads over HTTP, signed by its key and witnessed by
// nobody.  For those who read long logs.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "farm/base/mutex.h"
#include "farm/client/http.h"
#include "farm/crypto/key.h"
#include "farm/evidence/note.h"

namespace farm {

class ServedLog {
 public:
  // Without a head before Serve.  `key`: Ed25519.
  ServedLog(std::string origin, PrivateKey key);

  // From now on it has these entries.
  void Serve(const std::vector<std::string>& leaves);
  // `path`: "/tile/entries/000", "/payload/<hex>".
  void Put(const std::string& path, const std::string& bytes);
  // What was there.
  std::string Remove(const std::string& path);

  // From now on it answers so to whoever asks for a payload; 200: as it should.
  void AnswerPayloadsWith(int status);
  int payloads_asked() const { return payloads_asked_; }

  std::string url() const { return "http://" + server_->listen(); }
  const Checkpoint& head() const { return head_; }

 private:
  const std::string origin_;
  const PrivateKey key_;
  Checkpoint head_;
  std::atomic<int> payload_status_{200};
  std::atomic<int> payloads_asked_{0};
  Mutex mutex_;
  std::map<std::string, std::string> files_ GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;  // last: uses the others
};

}  // namespace farm
