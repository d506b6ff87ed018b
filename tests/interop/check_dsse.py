# usage: check_dsse.py BUNDLE_FILE
# Verifies the envelope of every line with python3-securesystemslib, which has keys but no DSSE of its own: the
# pre-authentication encoding is written here.  Then each with one byte changed, which must be refused.
import base64
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key, Signature


def pae(payload_type, payload):
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_of(bundle):
    material = bundle["verificationMaterial"]
    if "certificate" in material:
        der = base64.b64decode(material["certificate"]["rawBytes"])
        public = x509.load_der_x509_certificate(der).public_key()
    else:
        body = json.loads(base64.b64decode(material["tlogEntries"][0]["canonicalizedBody"]))
        verifier = body["spec"]["hashedRekordV002"]["signature"]["verifier"]
        public = load_der_public_key(base64.b64decode(verifier["publicKey"]["rawBytes"]))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": pem}}


def verifies(key, keyid, signature, message):
    try:
        Key.from_dict(keyid, json.loads(json.dumps(key))).verify_signature(
            Signature(keyid, signature.hex()), message)
        return True
    except (UnverifiedSignatureError, VerificationError):
        return False


def bent(data):
    """`data` with one byte changed, at 32 places."""
    for i in range(32):
        at = i * (len(data) - 1) // 31
        yield data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def main():
    accepted = refused = 0
    wrong = []
    lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    for number, bundle in enumerate(lines, 1):
        envelope = bundle["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"])
        signature = base64.b64decode(envelope["signatures"][0]["sig"])
        keyid = envelope["signatures"][0]["keyid"]
        key = key_of(bundle)
        message = pae(envelope["payloadType"], payload)
        if verifies(key, keyid, signature, message):
            accepted += 1
        else:
            wrong.append(f"line {number}: refused")
        other = key_of(lines[number % len(lines)])
        trials = [(key, signature, pae(envelope["payloadType"], changed)) for changed in bent(payload)]
        trials += [(key, changed, message) for changed in bent(signature)]
        trials += [(key, signature, pae("text/plain", payload)), (key, signature, payload),
                   (other, signature, message)]
        for trial, (by, changed, signed) in enumerate(trials):
            if verifies(by, keyid, changed, signed):
                wrong.append(f"line {number}: accepted, change {trial}")
            else:
                refused += 1
    for text in wrong:
        print(f"securesystemslib: {text}", file=sys.stderr)
    print(f"securesystemslib: accepted {accepted}, refused {refused}")
    return 1 if wrong or not accepted else 0


sys.exit(main())
