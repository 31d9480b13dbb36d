// Runs the model away from the page's thread, so that the page never freezes.
import * as ort from "./vendor/ort.wasm.bundle.min.mjs";
import { load } from "./recognizer.mjs";

// Return what a file holds, unpacked: some servers unpack .gz files on the way, most do not.
async function fetched(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name} cannot be loaded (${response.status}).`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

async function prepared() {
  const [model, runtime] = await Promise.all([fetched("model.onnx.gz"), fetched("vendor/runtime.wasm.gz")]);
  ort.env.wasm.wasmBinary = runtime;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  return load(ort, model);
}

const recognizer = prepared();
recognizer.then(
  ({ info }) => postMessage({ info }),
  (error) => postMessage({ failed: error.message }),
);

// Join tokens to words: each begins where its first token does.
function words(tokens, text) {
  const found = [];
  for (const token of tokens) {
    if (token.token.startsWith("▁") || found.length === 0) found.push([]);
    found.at(-1).push(token);
  }
  return found.map((members) => ({ ...members[0], text: text(members) })).filter((word) => word.text);
}

onmessage = async ({ data: samples }) => {
  try {
    const { info, logProbs, heard, text } = await recognizer;
    const start = performance.now();
    const answer = await logProbs(samples);
    const tokens = heard(answer);
    const took_s = (performance.now() - start) / 1000;
    postMessage({ ...answer, tokens, words: words(tokens, text), text: text(tokens), took_s, width: info.tokens.length });
  } catch (error) {
    postMessage({ failed: `The model could not run (${error.message}).` });
  }
};
