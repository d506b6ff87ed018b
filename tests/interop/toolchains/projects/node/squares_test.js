'use strict';
const assert = require('node:assert');
const test = require('node:test');
const { square } = require('./squares.js');

test('a square is never negative', () => assert.strictEqual(square(-3), 9));
