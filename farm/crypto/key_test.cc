#include "farm/crypto/key.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

std::string Hex(std::string_view text) { return HexDecode(text).value(); }

std::string Flip(std::string bytes, std::size_t index) {
  bytes[index] = static_cast<char>(bytes[index] ^ 1);
  return bytes;
}

// RFC 6979 appendix A.2.5: the key, and its signature of "sample" with SHA-256 as DER.
const char* const kP256Spki =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const char* const kP256Signature =
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
// RFC 8032 section 7.1, test 3.
const char* const kEd25519Key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
const char* const kEd25519Signature =
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";

TEST(PublicKey, VerifiesTheStandardsVectors) {
  const auto p256 = PublicKey::FromSpki(Hex(kP256Spki));
  ASSERT_TRUE(p256) << p256.error().message;
  EXPECT_EQ(p256->kind(), KeyKind::kP256);
  EXPECT_TRUE(p256->Verify("sample", Hex(kP256Signature)));
  const auto ed25519 = PublicKey::FromEd25519(Hex(kEd25519Key));
  ASSERT_TRUE(ed25519) << ed25519.error().message;
  EXPECT_EQ(ed25519->kind(), KeyKind::kEd25519);
  EXPECT_EQ(ed25519->raw_ed25519(), Hex(kEd25519Key));
  EXPECT_TRUE(ed25519->Verify("\xaf\x82", Hex(kEd25519Signature)));
}

TEST(PublicKey, RefusesEveryChangedByteOfASignature) {
  const struct {
    const char* name;
    PublicKey key;
    std::string message;
    std::string signature;
  } kCases[] = {
      {"p256", PublicKey::FromSpki(Hex(kP256Spki)).value(), "sample", Hex(kP256Signature)},
      {"ed25519", PublicKey::FromEd25519(Hex(kEd25519Key)).value(), "\xaf\x82",
       Hex(kEd25519Signature)},
  };
  for (const auto& c : kCases) {
    for (std::size_t i = 0; i < c.signature.size(); ++i) {
      const Status status = c.key.Verify(c.message, Flip(c.signature, i));
      ASSERT_FALSE(status) << c.name << " " << i;
      EXPECT_EQ(status.error().code, ErrorCode::kUntrusted);
    }
    EXPECT_FALSE(c.key.Verify(c.message + "x", c.signature)) << c.name;
    EXPECT_FALSE(c.key.Verify("", c.signature)) << c.name;
    EXPECT_FALSE(c.key.Verify(c.message, "")) << c.name;
    EXPECT_FALSE(c.key.Verify(c.message, c.signature + std::string(1, '\0'))) << c.name;
    EXPECT_FALSE(c.key.Verify(c.message, c.signature.substr(1))) << c.name;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
  }
}

TEST(PublicKey, HasOneByteStringForOneKey) {
  const std::string good = Hex(kP256Spki);
  const std::string compressed =
      Hex("3039301306072a8648ce3d020106082a8648ce3d030107032200"
          "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
  const std::string p384_prefix = Hex("3076301006072a8648ce3d020106052b81040022036200") + "\x04";
  const std::string start = good.substr(0, 26);  // what stands before the point
  const std::string x = good.substr(27, 32);
  const std::string y = good.substr(59);
  const std::string prime = Hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  // The curve's y for x = 0: sqrt(b).
  const std::string y_of_zero =
      Hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
  const std::string zero(32, '\0');
  ASSERT_TRUE(PublicKey::FromSpki(start + "\x04" + zero + y_of_zero));
  const struct {
    const char* name;
    std::string der;
  } kCases[] = {
      {"empty", ""},
      {"truncated", good.substr(0, 90)},
      {"trailing", good + "x"},
      {"not_on_the_curve", Flip(good, 90)},
      {"compressed", compressed},
      {"p384", p384_prefix + std::string(96, '\1')},
      {"raw_ed25519", Hex(kEd25519Key)},
      {"long_form_length", "\x30\x81\x59" + good.substr(2)},
      {"hybrid_even", start + "\x06" + x + y},
      {"hybrid_odd", start + "\x07" + x + y},
      {"compressed_in_the_same_length", start + "\x02" + x + y},
      {"zeros", start + "\x04" + zero + zero},
      {"swapped_coordinates", start + "\x04" + y + x},
      {"coordinate_is_the_prime", start + "\x04" + prime + y_of_zero},  // 0, written otherwise
      {"coordinates_beyond_the_prime", start + "\x04" + std::string(64, '\xff')},
      {"infinity", Hex("3019301306072a8648ce3d020106082a8648ce3d03010703020000")},
      {"secp256k1", Hex("3056301006072a8648ce3d020106052b8104000a034200") + "\x04" + x + y},
      {"unused_bits", good.substr(0, 25) + "\x01\x04" + x + y},
      {"x25519", Hex("302a300506032b656e032100") + x},
      {"ed448", Hex("3043300506032b6571033a00") + std::string(57, '\1')},
      {"ed25519_too_short", Hex("3029300506032b6570032000") + x.substr(1)},
  };
  for (const auto& c : kCases) {
    const auto key = PublicKey::FromSpki(c.der);
    ASSERT_FALSE(key) << c.name;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidInput) << c.name;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
  }
  EXPECT_FALSE(PublicKey::FromEd25519(std::string(31, 'a')));
  EXPECT_FALSE(PublicKey::FromEd25519(std::string(33, 'a')));
}

// OpenSSL's own reader of SPKIs, behind the two prefixes that are ours: what FromSpki must take.
bool IsReadByOpenssl(const std::string& der) {
  const bool ours = (der.size() == 91 && der.starts_with(Hex(kP256Spki).substr(0, 27))) ||
                    (der.size() == 44 && der.starts_with(Hex("302a300506032b6570032100")));
  if (!ours) return false;
  const auto* position = reinterpret_cast<const unsigned char*>(der.data());
  EVP_PKEY* const key = d2i_PUBKEY(nullptr, &position, static_cast<long>(der.size()));
  const bool whole = position == reinterpret_cast<const unsigned char*>(der.data()) + der.size();
  EVP_PKEY_free(key);
  ERR_clear_error();
  return key != nullptr && whole;
}

TEST(PublicKey, TakesExactlyWhatOpensslsReaderTakes) {
  const std::string good = Hex(kP256Spki);
  const std::string ed25519 = Hex("302a300506032b6570032100") + Hex(kEd25519Key);
  std::vector<std::string> all = {good, ed25519};
  for (const std::string& key : {good, ed25519}) {
    for (std::size_t i = 0; i < key.size(); ++i) {
      for (const char bit : {'\x01', '\x80'}) {
        all.push_back(key);
        all.back()[i] = static_cast<char>(all.back()[i] ^ bit);
      }
      all.push_back(key.substr(0, i));
    }
  }
  for (int i = 0; i < 100; ++i) {
    all.push_back(good.substr(0, 27) + RandomBytes(64));
    all.push_back(ed25519.substr(0, 12) + RandomBytes(32));
    all.push_back(PrivateKey::Generate(KeyKind::kP256).public_key().spki());
  }
  int taken = 0;
  for (const std::string& der : all) {
    const bool ours = PublicKey::FromSpki(der).has_value();
    EXPECT_EQ(ours, IsReadByOpenssl(der)) << HexEncode(der);
    taken += ours ? 1 : 0;
  }
  EXPECT_GT(taken, 200);
}

TEST(PublicKey, KeyIdIsTheHashOfTheSpki) {
  EXPECT_EQ(PublicKey::FromSpki(Hex(kP256Spki)).value().KeyId(),
            "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4");
}

TEST(Keys, SurviveTheirTextAndSignForEachOther) {
  for (const KeyKind kind : {KeyKind::kP256, KeyKind::kEd25519}) {
    const PrivateKey key = PrivateKey::Generate(kind);
    const auto same = PrivateKey::FromPem(key.Pem());
    ASSERT_TRUE(same) << same.error().message;
    EXPECT_EQ(same->public_key(), key.public_key());
    EXPECT_EQ(same->Pem(), key.Pem());
    const auto public_key = PublicKey::FromPem(key.public_key().Pem());
    ASSERT_TRUE(public_key) << public_key.error().message;
    EXPECT_EQ(*public_key, key.public_key());
    EXPECT_EQ(public_key->kind(), kind);
    EXPECT_TRUE(public_key->Verify("message", same->Sign("message")));
    EXPECT_TRUE(public_key->Verify("", same->Sign("")));
    EXPECT_FALSE(PrivateKey::Generate(kind).public_key().Verify("message", key.Sign("message")));
    EXPECT_FALSE(PrivateKey::Generate(kind).public_key() == key.public_key());
  }
}

TEST(Keys, RefusePemWithAnythingElse) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const std::string pem = key.public_key().Pem();
  std::string crlf;
  for (const char c : pem) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_TRUE(PublicKey::FromPem(crlf));
  EXPECT_TRUE(PublicKey::FromPem("\n " + pem + "\n\n"));
  const struct {
    const char* name;
    std::string pem;
  } kCases[] = {
      {"empty", ""},
      {"text_before", "hello\n" + pem},
      {"text_after", pem + "hello\n"},
      {"two", pem + pem},
      {"private", key.Pem()},
      {"no_end", pem.substr(0, pem.size() - 5)},
      {"overlapping_marks", "-----BEGIN PUBLIC KEY-----END PUBLIC KEY-----"},
      {"nothing_inside", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----"},
      {"large", pem + std::string(100000, '\n')},
  };
  for (const auto& c : kCases) {
    const auto read = PublicKey::FromPem(c.pem);
    ASSERT_FALSE(read) << c.name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << c.name;
  }
  EXPECT_FALSE(PrivateKey::FromPem(pem));
}

// PKCS#8 of a P-256 key: scalar, and public point if given.
std::string Pkcs8Pem(std::string_view scalar, std::string_view point) {
  const std::string public_part =
      point.empty() ? "" : Hex("a144034200") + std::string(point);  // [1] BIT STRING
  const std::string private_part = Hex("020101") + Hex("0420") + std::string(scalar) + public_part;
  const auto sequence = [](std::string_view content) {
    return std::string("\x30\x81", 2) + static_cast<char>(content.size()) + std::string(content);
  };
  const std::string inner = sequence(private_part);
  const std::string der =
      sequence(Hex("020100301306072a8648ce3d020106082a8648ce3d030107") +
               std::string("\x04\x81", 2) + static_cast<char>(inner.size()) + inner);
  return "-----BEGIN PRIVATE KEY-----\n" + Base64Encode(der) + "\n-----END PRIVATE KEY-----\n";
}

TEST(PrivateKey, RefusesHalvesThatDoNotMatch) {
  // RFC 6979 appendix A.2.5.
  const std::string scalar =
      Hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
  const std::string point = Hex(kP256Spki).substr(26);
  EXPECT_TRUE(PrivateKey::FromPem(Pkcs8Pem(scalar, point)));
  EXPECT_TRUE(PrivateKey::FromPem(Pkcs8Pem(scalar, "")));
  const struct {
    const char* name;
    std::string scalar;
  } kCases[] = {
      {"another_scalar", Flip(scalar, 31)},
      {"zero", std::string(32, '\0')},
      {"beyond_the_order", std::string(32, '\xff')},
  };
  for (const auto& c : kCases) {
    const auto key = PrivateKey::FromPem(Pkcs8Pem(c.scalar, point));
    ASSERT_FALSE(key) << c.name;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidInput) << c.name;
  }
  EXPECT_FALSE(PrivateKey::FromPem(Pkcs8Pem(std::string(32, '\0'), "")));
  EXPECT_FALSE(PrivateKey::FromPem(Pkcs8Pem(std::string(32, '\xff'), "")));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace farm
