// usage: node follow_roots.cjs DIRECTORY
// Follows the chain DIRECTORY/N.root.json from 1.root.json on with tuf-js, and prints the version that it trusts in
// the end.  What comes after the roots is nobody's yet: that it fails there is expected.
'use strict';
const fs = require('fs');
const path = require('path');
const { BaseFetcher, Updater } = require('tuf-js');

const directory = process.argv[2];

class FolderFetcher extends BaseFetcher {
  async fetch(url) {
    const file = path.join(directory, path.basename(url));
    if (!fs.existsSync(file)) throw new Error(`no ${path.basename(url)}`);
    return fs.createReadStream(file);
  }
}

const metadataDir = fs.mkdtempSync(path.join(directory, 'trusted-'));
fs.copyFileSync(path.join(directory, '1.root.json'), path.join(metadataDir, 'root.json'));
const updater = new Updater({
  metadataDir,
  metadataBaseUrl: 'http://farm.invalid/metadata',
  fetcher: new FolderFetcher(),
  config: { fetchRetries: 0 },
});
updater.refresh().catch((error) => error).then((error) => {
  const trusted = JSON.parse(fs.readFileSync(path.join(metadataDir, 'root.json'), 'utf8'));
  console.log(`${trusted.signed.version} ${error ? error.message : ''}`);
});
