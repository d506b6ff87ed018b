// A small release that a regulator can replay: one source, one step that /bin/sh runs, two
// packages; the raw inputs in a store, the evidence whole.
#pragma once

#include <string>

#include "farm/manifest/manifest.h"
#include "farm/replay/kit.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/lock.h"
#include "tests/support/evidence_maker.h"

namespace farm {

struct KitExampleOptions {
  std::string command = "tr a-z A-Z <a.txt >../shout.txt";  // of the step; a.txt is "hello\n"
  std::string released = "HELLO\n";                         // what the release says shout.txt is
  DraftHook hook = [](LineDraft&) {};                       // bends the evidence
};

struct KitExample {
  Lock lock;
  Manifest manifest;
  EvidenceOptions options;  // `manifest` and artifacts as here: for another maker
  KitInput input;
  std::string root;     // the maker's root.json, for a regulator
  std::string policy;   // the maker's policy.json
  UnixSeconds now = 0;  // an hour after the release
  Digest release;       // PAE
};

// Puts the raw inputs into `blobs`.
KitExample MakeKitExample(BlobStore& blobs, const KitExampleOptions& options);

}  // namespace farm
