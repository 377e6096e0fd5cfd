// Makes the calls of calls.cc through the npm package and compares answers byte
// for byte. In node and in browsers alike.

const text = new TextEncoder();

async function sha256(pieces) {
  const bytes = new Uint8Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

// How many answers were the same, and what each other call was.
export async function compare({bytesOf, hexOf}, verifier, {calls}) {
  let passed = 0;
  const failed = [];
  for (const [place, call] of calls.entries()) {
    const inputs = call.inputs.map(
        (input) => typeof input === 'number' ? input : bytesOf(input));
    let same;
    if (call.cut === undefined) {
      same = verifier.call(call.name, inputs) === call.answer;
    } else {
      // Numbers stand between inputs of bytes.
      const at = inputs.indexOf(
          inputs.filter((input) => typeof input !== 'number')[call.cut]);
      const whole = inputs[at];
      const answers = [];
      for (let size = 0; size < whole.length; ++size) {
        inputs[at] = whole.subarray(0, size);
        answers.push(text.encode(verifier.call(call.name, inputs)));
      }
      same = hexOf(await sha256(answers)) === call.sha256;
    }
    if (same) {
      ++passed;
    } else {
      failed.push(`call ${place}, ${call.name}: another answer`);
    }
  }
  return {passed, failed};
}
