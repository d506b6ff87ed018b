'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const zlib = require('node:zlib');

exports.square = (number) => number * number;

function inWorker(number) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: number });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (!isMainThread) {
  parentPort.postMessage(exports.square(workerData));
} else if (require.main === module) {
  Promise.all([1, 2, 3].map(inWorker)).then((squares) => {
    const packed = zlib.gzipSync(squares.join(' '));
    console.log(zlib.gunzipSync(packed).toString());
  });
}
