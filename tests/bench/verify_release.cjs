// usage: node verify_release.cjs BUNDLE_FILE TRUSTED_ROOT KEYRING [once]
// Verifies every line of a .sigstore.jsonl with Sigstore's own verifier, for verify_release: once,
// or each time that a line comes in on standard input, and then says how many microseconds it took.
// Reading and parsing of the bundle count; reading of the root and the start of node do not.
// A line that is refused ends the program with 1.  Needs `npm ci` in tests/interop.
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const { performance } = require('perf_hooks');

const load = createRequire(path.join(__dirname, '..', 'interop', 'package.json'));
const { bundleFromJSON } = load('@sigstore/bundle');
const { PublicKey, TrustedRoot } = load('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = load('@sigstore/verify');

const [bundleFile, rootFile, keyringFile, once] = process.argv.slice(2);
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

const keys = {};
for (const [hint, key] of Object.entries(readJson(keyringFile))) keys[hint] = PublicKey.fromJSON(key);
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(readJson(rootFile)), keys));

function verifyAll() {
  const lines = fs.readFileSync(bundleFile, 'utf8').split('\n').filter((line) => line !== '');
  if (lines.length === 0) throw new Error('no lines');
  for (const line of lines) verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(line))));
}

if (once === 'once') {
  verifyAll();
} else {
  require('readline').createInterface({ input: process.stdin }).on('line', () => {
    const start = performance.now();
    verifyAll();
    process.stdout.write(`${(performance.now() - start) * 1000}\n`);
  });
}
