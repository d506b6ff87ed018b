#include "farm/toolchain/lock.h"

#include <algorithm>
#include <map>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

Json PackageJson(const LockedPackage& package) {
  return Json{{"name", package.name},
              {"version", package.version},
              {"architecture", package.architecture},
              {"sha256", package.sha256.Hex()},
              {"size", package.size},
              {"file", package.file}};
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

void DescribeRequest(const LockRequest& before, const LockRequest& after, std::string& out) {
  const auto line = [&out](std::string_view what, const std::string& was, const std::string& is) {
    if (was == is) return;
    out += "~ " + std::string(what) + " " + (was.empty() ? "(none)" : was) + " -> " +
           (is.empty() ? "(none)" : is) + "\n";
  };
  line("requested names", Join(before.names, " "), Join(after.names, " "));
  line("requested build dependencies of", before.build_depends_of, after.build_depends_of);
  line("requested essential", before.essential ? "yes" : "no", after.essential ? "yes" : "no");
  line("suites", Join(before.suites, " "), Join(after.suites, " "));
  line("architecture", before.architecture, after.architecture);
  line("source date epoch", std::to_string(before.source_date_epoch),
       std::to_string(after.source_date_epoch));
}

}  // namespace

std::string CanonicalLockJson(const Lock& lock) {
  CHECK(!lock.IsDraft());
  Json packages = Json::array();
  for (const LockedPackage& package : lock.packages) packages.push_back(PackageJson(package));
  const LockRequest& requested = lock.requested;
  const Json value = {
      {"format", "farm-lock/1"},
      {"assembler", kAssembler},
      {"suite", requested.suites.front()},
      {"architecture", requested.architecture},
      {"sourceDateEpoch", requested.source_date_epoch},
      {"requested",
       {{"essential", requested.essential},
        {"names", requested.names},
        {"buildDependsOf", requested.build_depends_of},
        {"suites", requested.suites}}},
      {"packages", packages},
      {"rootTar", lock.root_tar.Text()},
      {"image", lock.image.Text()},
      {"imageSize", lock.image_size},
  };
  return WriteCanonicalJson(value);
}

Digest LockDigest(const Lock& lock) { return Sha256(CanonicalLockJson(lock)); }

std::string LockText(const Lock& lock) {
  const LockRequest& requested = lock.requested;
  std::string out =
      "# Written by `farm toolchain lock`. Its canonical form is farm-lock/1: "
      "farm/toolchain/FORMAT.md.\n";
  out += "assembler: " + std::to_string(kAssembler) + "\n";
  out += "suite: " + Quoted(requested.suites.front()) + "\n";
  out += "architecture: " + Quoted(requested.architecture) + "\n";
  out += "source_date_epoch: " + std::to_string(requested.source_date_epoch) + "\n";
  out += "requested {\n";
  if (requested.essential) out += "  essential: true\n";
  for (const std::string& name : requested.names) out += "  name: " + Quoted(name) + "\n";
  if (!requested.build_depends_of.empty()) {
    out += "  build_depends_of: " + Quoted(requested.build_depends_of) + "\n";
  }
  for (const std::string& suite : requested.suites) out += "  suite: " + Quoted(suite) + "\n";
  out += "}\n";
  for (const LockedPackage& package : lock.packages) {
    out += "package { name: " + Quoted(package.name) + " version: " + Quoted(package.version) +
           " architecture: " + Quoted(package.architecture) +
           " sha256: " + Quoted(package.sha256.Hex()) + " size: " + std::to_string(package.size) +
           " file: " + Quoted(package.file) + " }\n";
  }
  if (!lock.IsDraft()) {
    out += "root_tar: " + Quoted(lock.root_tar.Text()) + "\n";
    out += "image: " + Quoted(lock.image.Text()) + "\n";
    out += "image_size: " + std::to_string(lock.image_size) + "\n";
  }
  return out;
}

std::string DescribeLockDifference(const Lock& before, const Lock& after) {
  std::string out;
  DescribeRequest(before.requested, after.requested, out);
  std::map<std::string, std::pair<const LockedPackage*, const LockedPackage*>> by_name;
  for (const LockedPackage& package : before.packages) by_name[package.name].first = &package;
  for (const LockedPackage& package : after.packages) by_name[package.name].second = &package;
  for (const auto& [name, pair] : by_name) {
    const auto& [was, is] = pair;
    if (was == nullptr) {
      out += "+ " + name + " " + is->version + "\n";
    } else if (is == nullptr) {
      out += "- " + name + " " + was->version + "\n";
    } else if (was->version != is->version) {
      out += "~ " + name + " " + was->version + " -> " + is->version + "\n";
    } else if (was->architecture != is->architecture) {
      out += "~ " + name + " " + was->version + " " + was->architecture + " -> " +
             is->architecture + "\n";
    } else if (was->sha256 != is->sha256 || was->size != is->size) {
      out += "~ " + name + " " + was->version + ": same version, other bytes\n";
    } else if (was->file != is->file) {
      out += "~ " + name + " " + was->version + ": moved to " + is->file + "\n";
    }
  }
  if (before.IsDraft() || after.IsDraft()) return out;
  const auto digest = [&out](std::string_view what, const Digest& was, const Digest& is) {
    if (was != is) out += "~ " + std::string(what) + " " + was.Short() + " -> " + is.Short() + "\n";
  };
  digest("root tar", before.root_tar, after.root_tar);
  digest("image", before.image, after.image);
  return out;
}

}  // namespace farm
