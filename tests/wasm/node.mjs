// Vectors and calls in node: node node.mjs FOLDER. FOLDER holds what run.sh
// puts there for a browser; ends with "node: N passed, N failed".

import {readFile} from 'node:fs/promises';
import {pathToFileURL} from 'node:url';

const folder = process.argv[2];
const {run} = await import(pathToFileURL(`${folder}/run.mjs`).href);
const {lines, passed, failed} =
    await run(async (name) => new Uint8Array(await readFile(`${folder}/${name}`)));
for (const line of lines) console.log(line);
console.log(`node: ${passed} passed, ${failed} failed`);
