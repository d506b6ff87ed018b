// Both readers of a lock. Each turns its form into a Lock and calls CheckLock, so that the two
// forms cannot differ in what they allow.
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <functional>
#include <string>

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "farm/proto/lock.pb.h"
#include "farm/toolchain/lock.h"

namespace farm {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kTextMax = 500;  // characters of a name, a version or a path

bool MadeOf(std::string_view text, std::initializer_list<std::string_view> sets) {
  return !text.empty() && text.size() <= kTextMax &&
         std::all_of(text.begin(), text.end(), [&sets](char c) {
           return std::any_of(sets.begin(), sets.end(), [c](std::string_view set) {
             return set.find(c) != std::string_view::npos;
           });
         });
}

bool IsSuite(std::string_view text) { return MadeOf(text, {kLower, kDigits, "-"}); }

bool IsArchitecture(std::string_view text) { return MadeOf(text, {kLower, kDigits, "-"}); }

// "pool/main/a/b_1_amd64.deb": relative, normal, of characters that need no quoting anywhere.
bool IsPoolPath(std::string_view text) {
  if (!MadeOf(text, {kLower, kUpper, kDigits, "/.+~_%:-"}) || !text.ends_with(".deb")) return false;
  for (const std::string& part : Split(text, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

bool IsBuildDependsOf(std::string_view text) {
  const std::size_t equals = text.find('=');
  return equals != std::string_view::npos && IsPackageName(text.substr(0, equals)) &&
         IsPackageVersion(text.substr(equals + 1));
}

// The first thing wrong with `lock`: which part ("package 3", counted from 1), and what.
struct Fault {
  int package = 0;  // 0: not in a package
  std::string field;
  std::string message;
};

std::optional<Fault> FindFaultInRequest(const LockRequest& requested) {
  if (!IsArchitecture(requested.architecture) || requested.architecture == "all") {
    return Fault{0, "architecture", "want a Debian architecture, for example amd64"};
  }
  if (requested.source_date_epoch < 0 || requested.source_date_epoch > kEpochMax) {
    return Fault{0, "source_date_epoch", "want seconds since 1970, at most 4294967295"};
  }
  if (requested.names.size() > kLockNamesMax || requested.suites.size() > kLockNamesMax) {
    return Fault{0, "requested", "more than " + std::to_string(kLockNamesMax) + " entries"};
  }
  for (std::size_t i = 0; i < requested.names.size(); ++i) {
    if (!IsPackageName(requested.names[i])) {
      return Fault{0, "requested.name", Printable(requested.names[i], 80) + " is no package name"};
    }
    if (i > 0 && requested.names[i - 1] >= requested.names[i]) {
      return Fault{0, "requested.name", requested.names[i] + " is not in order, or there twice"};
    }
  }
  if (!requested.build_depends_of.empty() && !IsBuildDependsOf(requested.build_depends_of)) {
    return Fault{0, "requested.build_depends_of", "want SOURCE=VERSION"};
  }
  if (requested.suites.empty()) return Fault{0, "requested.suite", "missing"};
  for (const std::string& suite : requested.suites) {
    if (!IsSuite(suite)) {
      return Fault{0, "requested.suite", Printable(suite, 80) + " is no suite"};
    }
  }
  return std::nullopt;
}

std::optional<Fault> FindFaultInPackages(const Lock& lock) {
  if (lock.packages.empty()) return Fault{0, "package", "missing"};
  for (std::size_t i = 0; i < lock.packages.size(); ++i) {
    const LockedPackage& package = lock.packages[i];
    const int number = static_cast<int>(i) + 1;
    if (!IsPackageName(package.name)) return Fault{number, "name", "want a Debian package name"};
    if (i > 0 && lock.packages[i - 1].name >= package.name) {
      return Fault{number, "name", package.name + " is not in order, or there twice"};
    }
    if (!IsPackageVersion(package.version)) {
      return Fault{number, "version", "want a Debian version"};
    }
    if (package.architecture != "all" && package.architecture != lock.requested.architecture) {
      return Fault{number, "architecture", "want all or " + lock.requested.architecture};
    }
    if (package.size < 1 || package.size > kPackageBytesMax) {
      return Fault{number, "size", "want bytes, 1 to " + std::to_string(kPackageBytesMax)};
    }
    if (!IsPoolPath(package.file)) {
      return Fault{number, "file", "want a relative path of a .deb in the archive"};
    }
  }
  return std::nullopt;
}

std::optional<Fault> FindFault(const Lock& lock, int assembler, std::string_view suite) {
  if (assembler != kAssembler) {
    return Fault{0, "assembler", "found " + std::to_string(assembler) + ", this farm has 1"};
  }
  if (auto fault = FindFaultInRequest(lock.requested)) return fault;
  if (suite != lock.requested.suites.front()) {
    return Fault{0, "suite", "want the first suite of the request"};
  }
  if (auto fault = FindFaultInPackages(lock)) return fault;
  if (lock.root_tar.IsZero()) return Fault{0, "root_tar", "want a digest, not zero"};
  if (lock.image.IsZero()) return Fault{0, "image", "want a digest, not zero"};
  if (lock.image_size < 1 || lock.image_size > kImageBytesMax) {
    return Fault{0, "image_size", "want bytes, 1 to " + std::to_string(kImageBytesMax)};
  }
  return std::nullopt;
}

class TextErrors : public google::protobuf::io::ErrorCollector {
 public:
  explicit TextErrors(std::string_view file_name) : file_name_(file_name) {}
  void AddError(int line, int column, const std::string& message) override {
    if (!first_.empty()) return;
    first_ = file_name_ + ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " +
             Printable(message, 300);
  }
  const std::string& first() const { return first_; }

 private:
  std::string file_name_;
  std::string first_;
};

// Where a fault stands: "FILE:LINE" if the parser recorded the field's place.
std::string PlaceOf(const Fault& fault, const google::protobuf::TextFormat::ParseInfoTree& places,
                    std::string_view file_name) {
  const google::protobuf::Descriptor* type = v1::Lock::descriptor();
  const google::protobuf::TextFormat::ParseInfoTree* tree = &places;
  std::string field = fault.field;
  std::string shown = field;
  if (fault.package > 0) {
    tree = places.GetTreeForNested(type->FindFieldByName("package"), fault.package - 1);
    type = v1::Lock::Package::descriptor();
    shown = "package " + std::to_string(fault.package) + ": " + field;
  } else if (field.starts_with("requested.")) {
    field = field.substr(std::string_view("requested.").size());
    tree = places.GetTreeForNested(type->FindFieldByName("requested"), -1);
    type = v1::Lock::Requested::descriptor();
  }
  int line = -1;
  if (tree != nullptr) {
    const google::protobuf::FieldDescriptor* descriptor = type->FindFieldByName(field);
    if (descriptor != nullptr) {
      line = tree->GetLocation(descriptor, descriptor->is_repeated() ? 0 : -1).line;
    }
  }
  return std::string(file_name) + (line < 0 ? "" : ":" + std::to_string(line + 1)) + ": " + shown;
}

Result<Digest> TextDigest(const std::string& text, std::string_view file_name,
                          std::string_view field) {
  if (text.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 std::string(file_name) + ": " + std::string(field) + ": missing"};
  }
  Result<Digest> digest = Digest::Parse(text);
  if (!digest) {
    return Wrap(std::string(file_name) + ": " + std::string(field), digest.error());
  }
  return digest;
}

Result<LockedPackage> PackageFrom(const v1::Lock::Package& message, std::string_view where) {
  LockedPackage package{message.name(), message.version(), message.architecture(), {},
                        message.size(), message.file()};
  Result<Digest> digest = Digest::ParseHex(message.sha256());
  if (!digest) return Wrap(std::string(where) + ": sha256", digest.error());
  package.sha256 = *digest;
  return package;
}

LockRequest RequestFrom(JsonFields& fields, std::string& suite) {
  LockRequest requested;
  suite = fields.String("suite");
  requested.architecture = fields.String("architecture");
  requested.source_date_epoch = fields.Integer("sourceDateEpoch", 0, kEpochMax);
  return requested;
}

}  // namespace

bool IsPackageName(std::string_view text) {
  return text.size() >= 2 && MadeOf(text, {kLower, kDigits, "+.-"}) &&
         MadeOf(text.substr(0, 1), {kLower, kDigits});
}

bool IsPackageVersion(std::string_view text) {
  return MadeOf(text, {kLower, kUpper, kDigits, ".+~:-"}) && MadeOf(text.substr(0, 1), {kDigits});
}

Result<Lock> ParseLockText(std::string_view text, std::string_view file_name) {
  if (text.size() > kLockBytesMax) {
    return Error{ErrorCode::kLimitExceeded, std::string(file_name) + ": more than " +
                                                std::to_string(kLockBytesMax) + " bytes"};
  }
  v1::Lock message;
  TextErrors errors(file_name);
  google::protobuf::TextFormat::ParseInfoTree places;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&places);
  parser.SetRecursionLimit(4);
  if (!parser.ParseFromString(std::string(text), &message)) {
    return Error{ErrorCode::kInvalidInput, errors.first()};
  }
  if (static_cast<std::size_t>(message.package_size()) > kLockPackagesMax) {
    return Error{ErrorCode::kLimitExceeded, std::string(file_name) + ": more than " +
                                                std::to_string(kLockPackagesMax) + " packages"};
  }
  Lock lock;
  LockRequest& requested = lock.requested;
  requested.architecture = message.architecture();
  requested.source_date_epoch = message.source_date_epoch();
  requested.essential = message.requested().essential();
  requested.names.assign(message.requested().name().begin(), message.requested().name().end());
  requested.build_depends_of = message.requested().build_depends_of();
  requested.suites.assign(message.requested().suite().begin(), message.requested().suite().end());
  for (int i = 0; i < message.package_size(); ++i) {
    const std::string where = PlaceOf(Fault{i + 1, "sha256", ""}, places, file_name);
    ASSIGN_OR_RETURN(LockedPackage package,
                     PackageFrom(message.package(i), where.substr(0, where.rfind(": "))));
    lock.packages.push_back(std::move(package));
  }
  ASSIGN_OR_RETURN(lock.root_tar, TextDigest(message.root_tar(), file_name, "root_tar"));
  ASSIGN_OR_RETURN(lock.image, TextDigest(message.image(), file_name, "image"));
  lock.image_size = message.image_size();
  if (const auto fault = FindFault(lock, message.assembler(), message.suite())) {
    return Error{ErrorCode::kInvalidInput,
                 PlaceOf(*fault, places, file_name) + ": " + fault->message};
  }
  return lock;
}

Result<Lock> ParseLockJson(std::string_view bytes) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(bytes, "lock", kLockBytesMax));
  Lock lock;
  std::string suite;
  JsonFields fields(value, "lock");
  fields.Format("farm-lock/1");
  const std::int64_t assembler = fields.Integer("assembler", 1, 1000);
  lock.requested = RequestFrom(fields, suite);
  const Json& requested_value = fields.Object("requested");
  const Json& packages = fields.Array("packages", kLockPackagesMax);
  lock.root_tar = fields.DigestOf("rootTar");
  lock.image = fields.DigestOf("image");
  lock.image_size = fields.Integer("imageSize", 1, kImageBytesMax);
  RETURN_IF_ERROR(fields.Finish());

  JsonFields requested(requested_value, "lock.requested");
  lock.requested.essential = requested.Boolean("essential");
  lock.requested.names = requested.Strings("names", kLockNamesMax);
  lock.requested.build_depends_of = requested.String("buildDependsOf");
  lock.requested.suites = requested.Strings("suites", kLockNamesMax);
  RETURN_IF_ERROR(requested.Finish());

  for (const Json& entry : packages) {
    JsonFields package(entry, "lock.packages[" + std::to_string(lock.packages.size()) + "]");
    LockedPackage locked;
    locked.name = package.String("name");
    locked.version = package.String("version");
    locked.architecture = package.String("architecture");
    const std::string hex = package.String("sha256");
    locked.size = package.Integer("size", 1, kPackageBytesMax);
    locked.file = package.String("file");
    RETURN_IF_ERROR(package.Finish());
    Result<Digest> digest = Digest::ParseHex(hex);
    if (!digest) return Wrap(package.Where("sha256"), digest.error());
    locked.sha256 = *digest;
    lock.packages.push_back(std::move(locked));
  }
  if (const auto fault = FindFault(lock, static_cast<int>(assembler), suite)) {
    const std::string where =
        fault->package > 0 ? "packages[" + std::to_string(fault->package - 1) + "]." : "";
    return Error{ErrorCode::kInvalidInput, "lock." + where + fault->field + ": " + fault->message};
  }
  if (CanonicalLockJson(lock) != bytes) {
    return Error{ErrorCode::kInvalidInput,
                 "lock: not in canonical form (RFC 8785: sorted keys, no spaces)"};
  }
  return lock;
}

}  // namespace farm
