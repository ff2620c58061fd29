// SPDX-License-Identifier: GPL-2.0-only
//
// A service that calls an addon from compiled code. For each line of its input it makes so many
// calls as the line says, with so many bytes as its first argument says.
'use strict';

const size = Number(process.argv[2]);
const addon = { exports: {} };

// Not require(), which takes a file for an addon only if its name ends with ".node".
process.dlopen(addon, process.argv[3]);

function leakFromScript(calls) {
	for (let i = 0; i < calls; i++)
		addon.exports.planted(size);
}

function handleRequest(line) {
	leakFromScript(Number(line));
	console.log('done');
}

console.log('ready');
require('readline').createInterface({ input: process.stdin }).on('line', handleRequest);
