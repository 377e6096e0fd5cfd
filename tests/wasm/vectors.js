// Runs the vectors in wasm32: node vectors.js MODULE FILE.json...
// Prints a line for each file, then "N passed, N failed, N skipped".
'use strict';

const fs = require('fs');
const path = require('path');

async function main() {
  const [modulePath, ...files] = process.argv.slice(2);
  const module = await WebAssembly.compile(fs.readFileSync(modulePath));
  // Nothing to call means nothing to leak to: the verifier only computes.
  const imports = WebAssembly.Module.imports(module);
  if (imports.length > 0) {
    throw new Error('the module imports ' + JSON.stringify(imports));
  }
  const {exports} = await WebAssembly.instantiate(module, {});
  exports.__wasm_call_ctors();

  const put = (bytes) => {
    const at = exports.vectors_alloc(bytes.length);
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    return [at, bytes.length];
  };

  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const name = path.basename(file, '.json');
    const failures = exports.vectors_run(
        ...put(Buffer.from(name)), ...put(fs.readFileSync(file)));
    const report = Buffer.from(new Uint8Array(
        exports.memory.buffer, exports.vectors_report(),
        exports.vectors_report_bytes())).toString();
    console.log(`${name}: ${exports.vectors_passed()} passed, ` +
        `${failures} failed`);
    process.stdout.write(report);
    passed += exports.vectors_passed();
    failed += failures;
  }
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
