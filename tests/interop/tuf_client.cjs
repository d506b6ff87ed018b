// usage: node tuf_client.cjs STATE TREE [TARGET...]
// A client of TUF, tuf-js, over HTTP: trusts the root in STATE (at first TREE/tuf/1.root.json), follows the published
// TREE from it, fetches each TARGET, and prints the root's version and the targets' digests.  Exit 1 with the reason
// where it refuses.  STATE keeps what it has seen, so that the next call can see a rollback.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { Updater } = require('tuf-js');

const [state, tree, ...targets] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  const file = path.join(tree, path.normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)));
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-length': fs.statSync(file).size });
  fs.createReadStream(file).pipe(response);
});

async function follow(base) {
  const metadataDir = path.join(state, 'metadata');
  const targetDir = path.join(state, 'targets');
  if (!fs.existsSync(metadataDir)) {
    fs.mkdirSync(metadataDir, { recursive: true });
    fs.mkdirSync(targetDir);
    fs.copyFileSync(path.join(tree, 'tuf/1.root.json'), path.join(metadataDir, 'root.json'));
  }
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: `${base}/tuf`,
    targetDir,
    targetBaseUrl: base,
    config: { fetchRetries: 0, fetchTimeout: 10000 },
  });
  await updater.refresh();
  const root = JSON.parse(fs.readFileSync(path.join(metadataDir, 'root.json'), 'utf8'));
  const lines = [`root ${root.signed.version}`];
  for (const target of targets) {
    const info = await updater.getTargetInfo(target);
    if (!info) throw new Error(`no target ${target}`);
    const file = await updater.downloadTarget(info);
    lines.push(`${target} ${crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex')}`);
  }
  return lines;
}

server.listen(0, '127.0.0.1', () => {
  follow(`http://127.0.0.1:${server.address().port}`)
    .then((lines) => console.log(lines.join('\n')))
    .catch((error) => {
      console.log(`refused: ${error.constructor.name}: ${error.message}`);
      process.exitCode = 1;
    })
    .finally(() => {
      server.closeAllConnections();
      server.close();
    });
});
