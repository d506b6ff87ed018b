// usage: node judge_lines.mjs JUDGE BUNDLE_FILE TRUSTED_ROOT KEYRING [PATTERN]
// JUDGE is verify-4 (@sigstore/verify 4.1.3), verify-3 (3.1.1) or browser (@freedomofpress/sigstore-browser), each at
// its default thresholds.  Without PATTERN it must accept every line of the file that has a signer of a kind it knows
// (browser: a certificate), and refuse each of them with one thing changed (bend_lines.mjs).  With PATTERN it must
// refuse every line for a reason that the pattern names.  Prints the counts, with PATTERN those of each reason; exit 1
// and the reason where not.
import { webcrypto } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { bentLines } from './bend_lines.mjs';

const [judge, bundleFile, rootFile, keyringFile, pattern] = process.argv.slice(2);
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

// A trusted root is judged by today's date there: the fixtures' day, whatever day it is.
function setClock(iso) {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...words) {
      super(...(words.length === 0 ? [iso] : words));
    }

    static now() { return new Real(iso).getTime(); }
  };
}

// verify(bundle): throws, or returns.
function sigstoreJs(name) {
  const here = createRequire(import.meta.url);
  const there = createRequire(here.resolve(name));
  const { toSignedEntity, toTrustMaterial, Verifier } = here(name);
  const { bundleFromJSON } = there('@sigstore/bundle');
  const { PublicKey, TrustedRoot } = there('@sigstore/protobuf-specs');
  const keys = {};
  for (const [hint, key] of Object.entries(readJson(keyringFile))) keys[hint] = PublicKey.fromJSON(key);
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(readJson(rootFile)), keys));
  return (bundle) => verifier.verify(toSignedEntity(bundleFromJSON(bundle)));
}

async function sigstoreBrowser() {
  setClock('2027-01-16T00:00:00Z');
  globalThis.window ??= globalThis;
  globalThis.crypto ??= webcrypto; // a browser's; Debian 12's Node.js has it under this name only
  const { SigstoreVerifier } = await import('@freedomofpress/sigstore-browser');
  const verifier = new SigstoreVerifier();
  await verifier.loadSigstoreRoot(readJson(rootFile));
  return (bundle) => verifier.verifyDsse(bundle, { verify() {} }); // whose certificate is asked elsewhere
}

const verify = await {
  'verify-4': () => sigstoreJs('@sigstore/verify'),
  'verify-3': () => sigstoreJs('sigstore-verify-3'),
  browser: sigstoreBrowser,
}[judge]();

async function refusal(bundle) {
  try {
    await verify(bundle);
    return '';
  } catch (error) {
    return `${error.code || error.name}: ${error.message}`;
  }
}

const lines = fs.readFileSync(bundleFile, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
const wrong = [];
const reasons = new Map();
let accepted = 0;
let refused = 0;
for (const [index, line] of lines.entries()) {
  const reason = await refusal(line);
  if (pattern !== undefined) {
    if (new RegExp(pattern).test(reason)) {
      refused += 1;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    } else wrong.push(`line ${index + 1}: want a refusal like "${pattern}", found "${reason}"`);
    continue;
  }
  if (judge === 'browser' && !line.verificationMaterial.certificate) {
    if (!/No certificate found/.test(reason)) wrong.push(`line ${index + 1}: a key's, found "${reason}"`);
    continue;
  }
  if (reason !== '') {
    wrong.push(`line ${index + 1}: refused: ${reason}`);
    continue;
  }
  accepted += 1;
  for (const [name, bent] of bentLines(line)) {
    if (await refusal(bent) === '') wrong.push(`line ${index + 1}: accepted with ${name}`);
    else refused += 1;
  }
}
for (const text of wrong) console.error(`${judge}: ${text}`);
const why = [...reasons].map(([reason, count]) => `; ${count}: ${reason}`).join('');
console.log(`${judge}: accepted ${accepted}, refused ${refused}${why}`);
process.exitCode = wrong.length === 0 && accepted + refused > 0 ? 0 : 1;
