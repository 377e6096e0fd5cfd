// Runs the vectors in a wasm module of vectors_module.cc, in node and in
// browsers alike.

const text = new TextDecoder();

// `files`: [{name, bytes}], of which `name` has no ".json". For each file how
// many cases passed, and a line for each that failed.
export async function runVectors(moduleBytes, files) {
  const module = await WebAssembly.compile(moduleBytes);
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
  return files.map(({name, bytes}) => {
    exports.vectors_run(...put(new TextEncoder().encode(name)), ...put(bytes));
    const report = text.decode(new Uint8Array(
        exports.memory.buffer, exports.vectors_report(),
        exports.vectors_report_bytes()));
    return {
      name,
      passed: exports.vectors_passed(),
      failed: report.split('\n').filter((line) => line !== ''),
    };
  });
}
