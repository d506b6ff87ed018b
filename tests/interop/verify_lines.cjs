// usage: node verify_lines.cjs BUNDLE_FILE TRUSTED_ROOT KEYRING
// Verifies every line of a .sigstore.jsonl with Sigstore's own verifier at its default thresholds
// (one log entry, one time stamp; one SCT where there is a certificate).  Prints one JSON object per
// line; exit 1 if any line is refused.
'use strict';
const fs = require('fs');
const { bundleFromJSON } = require('@sigstore/bundle');
const { PublicKey, TrustedRoot } = require('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');

const [bundleFile, rootFile, keyringFile] = process.argv.slice(2);
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

const keys = {};
for (const [hint, key] of Object.entries(readJson(keyringFile))) keys[hint] = PublicKey.fromJSON(key);
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(readJson(rootFile)), keys));

const lines = fs.readFileSync(bundleFile, 'utf8').split('\n').filter((line) => line !== '');
let refused = lines.length === 0 ? 1 : 0;
lines.forEach((line, index) => {
  const result = { line: index + 1, accepted: false };
  try {
    const signer = verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(line))));
    result.accepted = true;
    result.signer = signer.identity ? signer.identity.subjectAlternativeName : 'key';
  } catch (error) {
    refused += 1;
    result.error = `${error.code || error.name}: ${error.message}`;
  }
  console.log(JSON.stringify(result));
});
process.exitCode = refused === 0 ? 0 : 1;
