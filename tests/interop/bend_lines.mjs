// Bundles with one thing changed: what every verifier must refuse.  Each binary part of a bundle is bent at several of
// its bytes, one at a time; `bentLines(line)` yields [name, bundle].
import { createHash } from 'node:crypto';

// Evenly spread over [first, end), its first and last byte among them.
const POSITIONS = 9;

function* bentBytes(base64, first = 0, end = Buffer.from(base64, 'base64').length) {
  const bytes = Buffer.from(base64, 'base64');
  const positions = new Set();
  for (let i = 0; i < POSITIONS; i += 1) positions.add(first + Math.floor((i * (end - 1 - first)) / (POSITIONS - 1)));
  for (const at of positions) {
    const bent = Buffer.from(bytes);
    bent[at] ^= 1;
    yield [at, bent.toString('base64')];
  }
}

// What the signature in a time stamp covers, and that signature.  Not covered, and not looked at by these verifiers
// (farm-verify refuses what openssl cannot read there): the response's wrapping and the certificates, which they take
// from the trusted root.
function stampRegions(base64, signature) {
  const bytes = Buffer.from(base64, 'base64');
  const imprint = bytes.indexOf(createHash('sha256').update(Buffer.from(signature, 'base64')).digest());
  const time = bytes.indexOf(Buffer.from('180f32', 'hex'), imprint) + 2; // GeneralizedTime of 15 bytes
  const digest = bytes.indexOf(Buffer.from('2a864886f70d010904', 'hex')) + 9 + 4; // messageDigest
  if (imprint < 0 || time < 2 || digest < 13) throw new Error('not a time stamp over the signature');
  return { imprint: [imprint, imprint + 32], time: [time, time + 15], digest: [digest, digest + 32],
    signature: [bytes.length - 64, bytes.length] };
}

// What the log has signed the checkpoint with, in base64: a verifier may take any of its two lines.
function logSignatures(bundle) {
  const note = bundle.verificationMaterial.tlogEntries[0].inclusionProof.checkpoint.envelope;
  const [text, lines] = note.split('\n\n');
  const origin = text.split('\n')[0];
  return lines.split('\n').map((line) => line.split(' ')).filter(([, name]) => name === origin).map(([, , value]) => value);
}

export function* bentLines(line) {
  const copy = () => structuredClone(line);
  const entryOf = (bundle) => bundle.verificationMaterial.tlogEntries[0];
  const noteOf = (bundle) => entryOf(bundle).inclusionProof.checkpoint;
  const parts = [
    ['payload', (b) => b.dsseEnvelope.payload, (b, v) => { b.dsseEnvelope.payload = v; }],
    ['signature', (b) => b.dsseEnvelope.signatures[0].sig, (b, v) => { b.dsseEnvelope.signatures[0].sig = v; }],
    ['entry', (b) => entryOf(b).canonicalizedBody, (b, v) => { entryOf(b).canonicalizedBody = v; }],
    ['root of the checkpoint', (b) => noteOf(b).envelope.split('\n')[2], (b, v, old) => {
      noteOf(b).envelope = noteOf(b).envelope.replace(old, v);
    }],
    ['signatures of the checkpoint', (b) => logSignatures(b)[0], (b, v, old, at) => {
      for (const value of logSignatures(b)) {
        const bytes = Buffer.from(value, 'base64');
        bytes[at] ^= 1;
        noteOf(b).envelope = noteOf(b).envelope.replace(value, bytes.toString('base64'));
      }
    }],
  ];
  entryOf(line).inclusionProof.hashes.forEach((_, i) => parts.push([`hash ${i} of the proof`,
    (b) => entryOf(b).inclusionProof.hashes[i], (b, v) => { entryOf(b).inclusionProof.hashes[i] = v; }]));
  if (line.verificationMaterial.certificate) {
    parts.push(['certificate', (b) => b.verificationMaterial.certificate.rawBytes, (b, v) => {
      b.verificationMaterial.certificate.rawBytes = v;
    }, 1]); // not the tag of all, which @sigstore/verify does not read; farm-verify does
  }
  const stampOf = (bundle) => bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0];
  const stamp = stampOf(line).signedTimestamp;
  for (const [region, [first, end]] of Object.entries(stampRegions(stamp, line.dsseEnvelope.signatures[0].sig))) {
    parts.push([`${region} of the time stamp`, (b) => stampOf(b).signedTimestamp,
      (b, v) => { stampOf(b).signedTimestamp = v; }, first, end]);
  }
  for (const [name, get, set, first, end] of parts) {
    const old = get(line);
    for (const [at, value] of bentBytes(old, first, end)) {
      const bent = copy();
      set(bent, value, old, at);
      yield [`${name}, byte ${at}`, bent];
    }
  }
  const changes = {
    'another payload type': (b) => { b.dsseEnvelope.payloadType = 'text/plain'; },
    'another index': (b) => { entryOf(b).inclusionProof.logIndex = String(entryOf(b).inclusionProof.logIndex - 1); },
    'another size in the checkpoint': (b) => { noteOf(b).envelope = noteOf(b).envelope.replace(/\n\d+/, '\n4096'); },
    'another origin in the checkpoint': (b) => { noteOf(b).envelope = `x${noteOf(b).envelope}`; },
    'one hash less': (b) => { entryOf(b).inclusionProof.hashes.pop(); },
    'no log entry': (b) => { b.verificationMaterial.tlogEntries = []; },
    'no proof': (b) => { delete entryOf(b).inclusionProof; },
    'no time stamp': (b) => { b.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] }; },
    'no signature': (b) => { b.dsseEnvelope.signatures = []; },
  };
  for (const [name, change] of Object.entries(changes)) {
    const bent = copy();
    change(bent);
    yield [name, bent];
  }
}
