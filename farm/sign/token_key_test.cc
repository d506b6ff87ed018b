#include "farm/sign/token_key.h"

#include <gtest/gtest.h>

#include "farm/crypto/token_forms.h"

namespace farm {
namespace {

TEST(TokenKeyName, ReadsWhatRfc7512Writes) {
  const auto name = ParseTokenKeyName(
      "pkcs11:token=Site%20XA;object=release;type=private;serial=0a1B;id=%01%fF"
      "?pin-source=file:/etc/farm/pin&module-path=/usr/lib/softhsm/libsofthsm2.so");
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(name->token, "Site XA");
  EXPECT_EQ(name->object, "release");
  EXPECT_EQ(name->serial, "0a1B");
  EXPECT_EQ(name->id, "\x01\xff");
  EXPECT_EQ(name->module, "/usr/lib/softhsm/libsofthsm2.so");
  EXPECT_EQ(name->pin_file, "/etc/farm/pin");
  EXPECT_EQ(name->Text(), "key \"release\" of token \"Site XA\"");
  for (const char* source : {"/etc/pin", "file:/etc/pin", "file:///etc/pin"}) {
    EXPECT_EQ(ParseTokenKeyName("pkcs11:token=a;object=b?module-path=/m&pin-source=" +
                                std::string(source))
                  ->pin_file,
              "/etc/pin");
  }
  EXPECT_EQ(ParseTokenKeyName("pkcs11:token=a;object=b?module-path=/m")->pin_file, "");
}

TEST(TokenKeyName, AKeyIsOneInATokenOrAFile) {
  EXPECT_TRUE(IsTokenKey("pkcs11:"));
  EXPECT_FALSE(IsTokenKey("key.pem"));
  EXPECT_FALSE(IsTokenKey("/etc/pkcs11:x"));
}

TEST(TokenKeyName, RefusesTheRest) {
  const std::string token(kTokenLabelMax, 'a');
  const std::string good = "pkcs11:token=" + token + ";object=b?module-path=/m";
  EXPECT_TRUE(ParseTokenKeyName(good));
  const std::pair<std::string, const char*> cases[] = {
      {"pkcs11:", "attribute without ="},
      {"pkcs11:token=a?module-path=/m", "no object"},
      {"pkcs11:object=b?module-path=/m", "no token"},
      {"pkcs11:token=;object=b?module-path=/m", "token is empty"},
      {"pkcs11:token=a;object=b", "no module-path"},
      {"pkcs11:token=a;object=b?module-path=m.so", "module-path is not an absolute path"},
      {"pkcs11:token=a;object=b?module-path=/m%00.so", "module-path is not an absolute path"},
      {"pkcs11:token=a;object=b?module-path=/m&pin-source=pin", "pin-source is not an absolute"},
      {"pkcs11:token=a;object=b?module-path=/m&pin-source=|/bin/pin", "pin-source is not"},
      {"pkcs11:token=a;token=a;object=b?module-path=/m", "token stands twice"},
      {"pkcs11:token=a;object=b;slot-id=1?module-path=/m", "unknown attribute \"slot-id\""},
      {"pkcs11:token=a;object=b;module-path=/m", "unknown attribute \"module-path\""},
      {"pkcs11:token=a;object=b;type=public?module-path=/m", "type is \"public\""},
      {"pkcs11:token=a%2;object=b?module-path=/m", "% without two"},
      {"pkcs11:token=a%zz;object=b?module-path=/m", "% without two"},
      {"pkcs11:token=a" + token + ";object=b?module-path=/m", "longer than 32"},
      {"pkcs11:token=a;object=b?module-path=/" + std::string(kTokenKeyTextMax, 'm'), "longer than"},
  };
  for (const auto& [text, words] : cases) {
    const auto name = ParseTokenKeyName(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::kInvalidInput) << text;
    EXPECT_NE(name.error().message.find(words), std::string::npos)
        << text << ": " << name.error().message;
  }
}

TEST(TokenKeyName, DoesNotRepeatAPinThatStandsInIt) {
  for (const char* text :
       {"pkcs11:token=a;object=b?module-path=/m&pin-value=pin-4711",
        "pkcs11:token=a;object=b;pin-value=pin-4711?module-path=/m",
        "pkcs11:token=a;object=b&pin-value=pin-4711?module-path=/m",
        "pkcs11:token=a;object=b?module-path=/m;pin-value=pin-4711",
        "pkcs11:wrong;pin-4711?pin-value=pin-4711", "pkcs11:token=a;object=b?pin-4711"}) {
    const auto name = ParseTokenKeyName(text);
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error().message.find("pin-4711"), std::string::npos) << name.error().message;
  }
}

TEST(PublicKeyOfToken, ReadsEveryFormThatTokensWrite) {
  const std::string p256_parameters("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
  const PublicKey p256 = PrivateKey::Generate(KeyKind::kP256).public_key();
  const std::string point = p256.spki().substr(p256.spki().size() - 65);
  for (const std::string& form : {point, "\x04\x41" + point}) {
    EXPECT_EQ(PublicKeyOfToken(KeyKind::kP256, p256_parameters, form).value(), p256);
  }
  const PublicKey ed25519 = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  const std::string raw = ed25519.raw_ed25519();
  for (const std::string parameters : {"\x13\x0c"
                                       "edwards25519",
                                       "\x06\x03\x2b\x65\x70"}) {
    for (const std::string& form : {raw, "\x04\x20" + raw, std::string("\x03\x21\0", 3) + raw}) {
      EXPECT_EQ(PublicKeyOfToken(KeyKind::kEd25519, parameters, form).value(), ed25519);
    }
  }
  const std::string p384_parameters("\x06\x05\x2b\x81\x04\x00\x22", 7);
  EXPECT_FALSE(PublicKeyOfToken(KeyKind::kP256, p384_parameters, point));
  EXPECT_FALSE(PublicKeyOfToken(KeyKind::kEd25519, p256_parameters, raw));
  std::string off_the_curve = point;
  off_the_curve.back() = static_cast<char>(off_the_curve.back() ^ 1);
  for (const std::string& form :
       {off_the_curve, point.substr(1), point + "x", "\x04\x40" + point, std::string()}) {
    EXPECT_FALSE(PublicKeyOfToken(KeyKind::kP256, p256_parameters, form));
  }
}

TEST(TokenForms, APairIsASignatureThatVerifies) {
  // RFC 6979 section A.2.5, SHA-256 over "sample".
  const std::string point(
      "\x04\x60\xfe\xd4\xba\x25\x5a\x9d\x31\xc9\x61\xeb\x74\xc6\x35\x6d\x68\xc0\x49\xb8\x92\x3b\x61"
      "\xfa\x6c\xe6\x69\x62\x2e\x60\xf2\x9f\xb6\x79\x03\xfe\x10\x08\xb8\xbc\x99\xa4\x1a\xe9\xe9\x56"
      "\x28\xbc\x64\xf2\xf1\xb2\x0c\x2d\x7e\x9f\x51\x77\xa3\xc2\x94\xd4\x46\x22\x99",
      65);
  const std::string pair(
      "\xef\xd4\x8b\x2a\xac\xb6\xa8\xfd\x11\x40\xdd\x9c\xd4\x5e\x81\xd6\x9d\x2c\x87\x7b\x56\xaa\xf9"
      "\x91\xc3\x4d\x0e\xa8\x4e\xaf\x37\x16\xf7\xcb\x1c\x94\x2d\x65\x7c\x41\xd4\x36\xc7\xa1\xb6\xe2"
      "\x9f\x65\xf3\xe9\x00\xdb\xb9\xaf\xf4\x06\x4d\xc4\xab\x2f\x84\x3a\xcd\xa8",
      64);
  const auto key = PublicKey::FromP256(point);
  ASSERT_TRUE(key) << key.error().message;
  const auto signature = P256SignatureFromPair(pair);
  ASSERT_TRUE(signature);
  EXPECT_TRUE(key->Verify("sample", *signature));
  EXPECT_FALSE(key->Verify("another", *signature));
  EXPECT_FALSE(P256SignatureFromPair(pair.substr(1)));
  EXPECT_FALSE(P256SignatureFromPair(pair + "x"));
}

}  // namespace
}  // namespace farm
