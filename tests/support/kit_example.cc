#include "tests/support/kit_example.h"

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/store/archive.h"
#include "farm/store/tree.h"

namespace farm {
namespace {

constexpr UnixSeconds kEpoch = 1'700'000'000;

Lock MakeLock(BlobStore& blobs) {
  Lock lock;
  lock.requested = {"amd64", kEpoch, true, {"gcc"}, "", {"bookworm"}};
  for (const char* name : {"gcc", "libc6"}) {
    const StoredBlob package = *blobs.PutBytes(std::string("the package ") + name);
    lock.packages.push_back({name, "12.2.0", "amd64", package.digest,
                             static_cast<std::int64_t>(package.size),
                             std::string("pool/main/") + name + ".deb"});
  }
  lock.root_tar = Sha256("tar");
  lock.image = Sha256("image");
  lock.image_size = 5;
  return lock;
}

// One file, as `farm source import` makes it.
ManifestSource MakeSource(BlobStore& blobs) {
  const auto temporary = *TemporaryDirectory::Make("");
  CHECK(WriteDurably(RealFileSystem(), temporary.path() + "/a.txt", "hello\n").has_value());
  auto writer = *blobs.NewWriter();
  CHECK(WriteTarOfDirectory(temporary.path(), kEpoch, [&](std::string_view piece) {
          return writer->Append(piece);
        }).has_value());
  const StoredBlob tar = *writer->Commit();
  return {"shout",
          IdentifyTreeAt(temporary.path())->sha256,
          {{"shout.tar", tar.digest, tar.size}},
          DirectoryOrigin{"source"}};
}

Manifest MakeManifest(BlobStore& blobs, const Lock& lock, const std::string& command) {
  Manifest manifest;
  manifest.product = "shout";
  manifest.version = "1.0";
  manifest.source_date_epoch = kEpoch;
  manifest.sources = {MakeSource(blobs)};
  manifest.toolchain = "cc";
  manifest.lock = LockDigest(lock);
  Step step;
  step.name = "build";
  step.inputs = {{"src", "shout", "", ""}};
  step.argv = {"/bin/sh", "-c", command};
  step.directory = "src";
  step.outputs = {"shout.txt"};
  manifest.steps = {step};
  manifest.artifacts = {{"shout.txt", "build", "shout.txt"}};
  CHECK(LintManifest(manifest).has_value());
  return manifest;
}

}  // namespace

KitExample MakeKitExample(BlobStore& blobs, const KitExampleOptions& options) {
  KitExample example;
  example.lock = MakeLock(blobs);
  example.manifest = MakeManifest(blobs, example.lock, options.command);
  example.options.product = "shout";
  example.options.artifacts = {{"shout.txt", options.released}};
  example.options.manifest = CanonicalManifest(example.manifest);
  EvidenceMaker maker(example.options);
  const MadeRelease made = maker.Make(options.hook);
  example.input = {CanonicalManifest(example.manifest), CanonicalLockJson(example.lock),
                   made.FileText(), maker.RootBytes()};
  example.root = maker.RootBytes();
  example.policy = WritePolicy(maker.policy());
  example.now = example.options.start + 4000;
  example.release = made.lines[kReleaseLine].PaeDigest();
  return example;
}

}  // namespace farm
