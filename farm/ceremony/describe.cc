#include <google/protobuf/text_format.h>

#include "farm/base/bytes.h"
#include "farm/ceremony/description.h"
#include "farm/proto/root.pb.h"

namespace farm {
namespace {

void SetValid(const ValidFor& valid_for, v1::RootValidity* valid) {
  valid->set_start(FormatTime(valid_for.start));
  if (valid_for.end) valid->set_end(FormatTime(*valid_for.end));
}

void SetKey(const PublicKey& key, v1::RootKey* message) {
  message->set_spki(Base64Encode(key.spki()));
}

template <typename Message>
void SetChain(const std::vector<Certificate>& chain, Message* message) {
  for (const Certificate& certificate : chain) {
    message->add_certificate()->set_der(Base64Encode(certificate.der()));
  }
}

void SetRole(const TrustRoot& root, const ServedRole& role, v1::RootRole* message) {
  message->set_threshold(role.threshold);
  for (const PublicKey& key : role.keys) {
    v1::RootKey* one = message->add_key();
    SetKey(key, one);
    for (const KeyHolder& holder : root.key_holders) {
      if (holder.key_id == key.KeyId()) one->set_holder(holder.name);
    }
  }
}

void SetOperator(const Operator& owner, v1::RootOperator* message) {
  message->set_id(owner.id);
  message->set_name(owner.name);
  SetValid(owner.valid_for, message->mutable_valid());
  for (const DatedAuthority& authority : owner.authorities) {
    v1::RootAuthority* one = message->add_authority();
    SetChain(authority.chain, one);
    SetValid(authority.valid_for, one->mutable_valid());
  }
  for (const CertifiedParty& party : owner.parties) {
    v1::RootParty* one = message->add_party();
    one->set_id(party.id);
    one->set_role(party.role);
    one->set_country(party.country);
  }
}

void SetPerson(const Person& person, v1::RootPerson* message) {
  message->set_id(person.id);
  message->set_name(person.name);
  SetKey(person.key, message->mutable_key());
  SetValid(person.valid_for, message->mutable_valid());
}

void SetLog(const Log& log, v1::RootLog* message) {
  message->set_origin(log.origin);
  SetKey(log.key, message->mutable_key());
  SetKey(log.ecdsa_key, message->mutable_ecdsa_key());
  SetValid(log.valid_for, message->mutable_valid());
  if (!log.end) return;
  message->mutable_end()->set_size(static_cast<std::int64_t>(log.end->size));
  message->mutable_end()->set_root_hash(log.end->root_hash.Text());
  message->mutable_end()->set_successor(log.end->successor);
}

void SetRevocation(const Revocation& revocation, v1::RootRevocation* message) {
  message->set_kind(revocation.kind);
  message->set_subject(revocation.subject);
  message->set_reason(revocation.reason);
  if (revocation.compromised_since) {
    message->set_compromised_since(FormatTime(*revocation.compromised_since));
  }
}

void SetNotaries(const TrustRoot& root, v1::RootDescription& message) {
  for (const Log& log : root.logs) SetLog(log, message.add_log());
  for (const Witness& witness : root.witnesses) {
    v1::RootWitness* one = message.add_witness();
    one->set_name(witness.name);
    one->set_operator_(witness.operator_id);
    SetKey(witness.key, one->mutable_key());
    SetValid(witness.valid_for, one->mutable_valid());
  }
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    v1::RootTimestampAuthority* one = message.add_timestamp_authority();
    one->set_name(authority.name);
    SetChain(authority.chain, one);
    SetValid(authority.valid_for, one->mutable_valid());
  }
  for (const PublicKey& key : root.transparency_keys) SetKey(key, message.add_transparency_key());
}

}  // namespace

std::string WriteRootDescription(const TrustRoot& root) {
  v1::RootDescription message;
  message.set_expires(FormatTime(root.expires));
  if (root.development) {
    message.mutable_development()->set_machines(root.development->machines);
    message.mutable_development()->set_operators(root.development->operators);
  }
  SetRole(root, {root.root_keys, root.threshold}, message.mutable_root());
  if (!root.timestamp.keys.empty()) {
    SetRole(root, root.timestamp, message.mutable_timestamp());
    SetRole(root, root.snapshot, message.mutable_snapshot());
    SetRole(root, root.targets, message.mutable_targets());
  }
  for (const Operator& owner : root.operators) SetOperator(owner, message.add_operator_());
  for (const Person& person : root.auditors) SetPerson(person, message.add_auditor());
  for (const Person& person : root.requesters) SetPerson(person, message.add_requester());
  for (const Person& person : root.monitors) SetPerson(person, message.add_monitor());
  for (const Person& person : root.certifiers) SetPerson(person, message.add_certifier());
  SetNotaries(root, message);
  for (const Revocation& one : root.revocations) SetRevocation(one, message.add_revocation());
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  CHECK(printer.PrintToString(message, &text));
  return text;
}

}  // namespace farm
