#include "farm/ceremony/description.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/proto/root.pb.h"

namespace farm {
namespace {

constexpr int kDescriptionDepthMax = 6;  // operator, authority, certificate

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// "auditor[2]" of a repeated field.
std::string ElementName(const std::string& list, int index) {
  return list + "[" + std::to_string(index) + "]";
}

// Turns messages into a root; the first error sticks.
class Reader {
 public:
  Reader(std::string file_name, UnixSeconds now, const DescribedFiles& files)
      : file_name_(std::move(file_name)), now_(now), files_(files) {}

  Result<TrustRoot> Read(const v1::RootDescription& message) {
    root_.created = message.created().empty() ? now_ : Time("created", message.created());
    root_.expires = Time("expires", message.expires());
    if (message.has_development()) {
      root_.development =
          Development{message.development().machines(), message.development().operators()};
    }
    const ServedRole own = Role("root", message.root());
    root_.root_keys = own.keys;
    root_.threshold = own.threshold;
    if (message.has_timestamp()) root_.timestamp = Role("timestamp", message.timestamp());
    if (message.has_snapshot()) root_.snapshot = Role("snapshot", message.snapshot());
    if (message.has_targets()) root_.targets = Role("targets", message.targets());
    for (int i = 0; i < message.operator__size(); ++i) {
      AddOperator(ElementName("operator", i), message.operator_(i));
    }
    AddPersons("auditor", message.auditor(), root_.auditors);
    AddPersons("requester", message.requester(), root_.requesters);
    AddPersons("monitor", message.monitor(), root_.monitors);
    AddPersons("certifier", message.certifier(), root_.certifiers);
    AddNotaries(message);
    for (int i = 0; i < message.revocation_size(); ++i) {
      const v1::RootRevocation& one = message.revocation(i);
      const std::string where = ElementName("revocation", i);
      Revocation revocation{Text(where + ".kind", one.kind()),
                            Text(where + ".subject", one.subject()),
                            Text(where + ".reason", one.reason()), std::nullopt};
      if (!one.compromised_since().empty()) {
        revocation.compromised_since = Time(where + ".compromised_since", one.compromised_since());
      }
      root_.revocations.push_back(std::move(revocation));
    }
    // In one order, whichever role names a holder.
    std::sort(root_.key_holders.begin(), root_.key_holders.end(),
              [](const KeyHolder& a, const KeyHolder& b) { return a.key_id < b.key_id; });
    if (error_) return *error_;
    return std::move(root_);
  }

 private:
  void Fail(const std::string& field, const Error& error) {
    if (!error_) error_ = Wrap(file_name_ + ": " + field, error);
  }
  void Fail(const std::string& field, const std::string& message) {
    Fail(field, Error{ErrorCode::kInvalidInput, message});
  }

  // JSON holds nothing else.
  std::string Text(const std::string& field, const std::string& text) {
    if (IsUtf8(text)) return text;
    Fail(field, "is not UTF-8");
    return "";
  }

  UnixSeconds Time(const std::string& field, const std::string& text) {
    const Result<UnixSeconds> time = ParseTime(text);
    if (!time) {
      Fail(field, text.empty() ? Error{ErrorCode::kInvalidInput,
                                       "is missing; want a time like 2027-01-15T08:00:00Z"}
                               : time.error());
    }
    return time.value_or(0);
  }

  ValidFor Valid(const std::string& field, const v1::RootValidity& valid) {
    ValidFor valid_for;
    valid_for.start = valid.start().empty() ? root_.created : Time(field + ".start", valid.start());
    if (!valid.end().empty()) valid_for.end = Time(field + ".end", valid.end());
    return valid_for;
  }

  // The bytes of the one of two fields that is given; `parse` takes what a file holds, or what the
  // text holds.
  template <typename T>
  std::optional<T> OneOf(const std::string& field, const std::string& file,
                         const std::string& written, Result<T> (*parse_file)(std::string_view),
                         Result<T> (*parse_written)(std::string_view)) {
    if (file.empty() == written.empty()) {
      Fail(field, "want either a file or the bytes themselves in base64");
      return std::nullopt;
    }
    Result<std::string> bytes = file.empty() ? Base64Decode(written) : files_(file);
    if (!bytes) {
      Fail(field, bytes.error());
      return std::nullopt;
    }
    Result<T> read = file.empty() ? parse_written(*bytes) : parse_file(*bytes);
    if (!read) {
      Fail(field, file.empty() ? read.error() : Wrap(Printable(file, 200), read.error()));
      return std::nullopt;
    }
    return *std::move(read);
  }

  std::optional<PublicKey> Key(const std::string& field, const v1::RootKey& key) {
    return OneOf<PublicKey>(field, key.file(), key.spki(), PublicKey::FromPem, PublicKey::FromSpki);
  }

  ServedRole Role(const std::string& field, const v1::RootRole& message) {
    ServedRole role;
    role.threshold = message.threshold();
    for (int i = 0; i < message.key_size(); ++i) {
      const v1::RootKey& one = message.key(i);
      const auto key = Key(ElementName(field + ".key", i), one);
      if (!key) continue;
      role.keys.push_back(*key);
      if (!one.holder().empty()) AddHolder(field, key->KeyId(), one.holder());
    }
    return role;
  }

  // One key may stand in several roles, with one name.
  void AddHolder(const std::string& field, const std::string& key_id, const std::string& name) {
    for (const KeyHolder& holder : root_.key_holders) {
      if (holder.key_id != key_id) continue;
      if (holder.name != name) Fail(field, "one key has two holders");
      return;
    }
    root_.key_holders.push_back({key_id, Text(field + ".holder", name)});
  }

  template <typename Messages>
  std::vector<Certificate> Chain(const std::string& field, const Messages& messages) {
    std::vector<Certificate> chain;
    for (int i = 0; i < messages.size(); ++i) {
      const auto certificate = OneOf<Certificate>(
          ElementName(field + ".certificate", i), messages.Get(i).file(), messages.Get(i).der(),
          Certificate::ForeignFromPem, Certificate::ForeignFromDer);
      if (certificate) chain.push_back(*certificate);
    }
    return chain;
  }
  void AddOperator(const std::string& field, const v1::RootOperator& message) {
    Operator owner;
    owner.id = Text(field + ".id", message.id());
    owner.name = Text(field + ".name", message.name());
    owner.valid_for = Valid(field + ".valid", message.valid());
    for (int i = 0; i < message.authority_size(); ++i) {
      const std::string where = ElementName(field + ".authority", i);
      const v1::RootAuthority& one = message.authority(i);
      owner.authorities.push_back(
          {Chain(where, one.certificate()),
           one.has_valid() ? Valid(where + ".valid", one.valid()) : owner.valid_for});
    }
    for (const v1::RootParty& party : message.party()) {
      owner.parties.push_back({Text(field + ".party.id", party.id()),
                               Text(field + ".party.role", party.role()),
                               Text(field + ".party.country", party.country())});
    }
    root_.operators.push_back(std::move(owner));
  }

  template <typename Messages>
  void AddPersons(const std::string& field, const Messages& messages, std::vector<Person>& out) {
    for (int i = 0; i < messages.size(); ++i) {
      const std::string where = ElementName(field, i);
      const v1::RootPerson& one = messages.Get(i);
      const auto key = Key(where + ".key", one.key());
      const ValidFor valid = Valid(where + ".valid", one.valid());
      const std::string id = Text(where + ".id", one.id());
      const std::string name = Text(where + ".name", one.name());
      if (key) out.push_back({id, name, *key, valid});
    }
  }

  void AddNotaries(const v1::RootDescription& message) {
    for (int i = 0; i < message.log_size(); ++i) AddLog(ElementName("log", i), message.log(i));
    for (int i = 0; i < message.witness_size(); ++i) {
      const std::string where = ElementName("witness", i);
      const v1::RootWitness& one = message.witness(i);
      const auto key = Key(where + ".key", one.key());
      const ValidFor valid = Valid(where + ".valid", one.valid());
      const std::string name = Text(where + ".name", one.name());
      const std::string owner = Text(where + ".operator", one.operator_());
      if (key) root_.witnesses.push_back({name, owner, *key, valid});
    }
    for (int i = 0; i < message.timestamp_authority_size(); ++i) {
      const std::string where = ElementName("timestamp_authority", i);
      const v1::RootTimestampAuthority& one = message.timestamp_authority(i);
      root_.timestamp_authorities.push_back({Text(where + ".name", one.name()),
                                             Chain(where, one.certificate()),
                                             Valid(where + ".valid", one.valid())});
    }
    for (int i = 0; i < message.transparency_key_size(); ++i) {
      const auto key = Key(ElementName("transparency_key", i), message.transparency_key(i));
      if (key) root_.transparency_keys.push_back(*key);
    }
  }

  void AddLog(const std::string& field, const v1::RootLog& message) {
    const auto key = Key(field + ".key", message.key());
    const auto ecdsa_key = Key(field + ".ecdsa_key", message.ecdsa_key());
    const ValidFor valid = Valid(field + ".valid", message.valid());
    if (!key || !ecdsa_key) return;
    Log log{Text(field + ".origin", message.origin()), *key, *ecdsa_key, valid};
    if (message.has_end()) {
      const auto root_hash = Digest::Parse(message.end().root_hash());
      if (!root_hash) return Fail(field + ".end.root_hash", root_hash.error());
      if (message.end().size() < 0) return Fail(field + ".end.size", "is below 0");
      log.end = LogEnd{static_cast<std::uint64_t>(message.end().size()), *root_hash,
                       Text(field + ".end.successor", message.end().successor())};
    }
    root_.logs.push_back(std::move(log));
  }

  std::string file_name_;
  UnixSeconds now_;
  const DescribedFiles& files_;
  TrustRoot root_;
  std::optional<Error> error_;
};

}  // namespace

Result<TrustRoot> ReadRootDescription(std::string_view text, const std::string& file_name,
                                      UnixSeconds now, const DescribedFiles& files) {
  if (text.size() > kRootDescriptionBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 file_name + ": more than " + std::to_string(kRootDescriptionBytesMax) + " bytes"};
  }
  v1::RootDescription message;
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(kDescriptionDepthMax);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &message)) {
    return Error{ErrorCode::kInvalidInput, file_name + ":" + PrintableLines(errors.text(), 400)};
  }
  ASSIGN_OR_RETURN(const TrustRoot root, Reader(file_name, now, files).Read(message));
  // One judge of what makes sense: the reader of the file that will be signed.
  return ParseUnsignedTrustRootUnsafe(WriteTrustRoot(root), file_name + " as a root");
}

}  // namespace farm
