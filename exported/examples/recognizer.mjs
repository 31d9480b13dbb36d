// Speech to text with a model file, in Node and in browsers; `ort` is an onnxruntime for JavaScript.
// Return the metadata of an ONNX file (Uint8Array): a protobuf message whose field 14 holds pairs of key and value.
export function metadata(bytes) {
  const entries = {}, read = ([from, to]) => new TextDecoder().decode(bytes.subarray(from, to));
  for (const [number, from, to] of fields(bytes, 0, bytes.length)) {
    if (number !== 14) continue;
    const entry = Object.fromEntries([...fields(bytes, from, to)].map(([key, ...span]) => [key, read(span)]));
    if (entry[1]?.startsWith("asr.")) entries[entry[1].slice(4)] = JSON.parse(entry[2]);
  }
  return entries;
}

function* fields(bytes, at, end) {
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      value += (bytes[at] & 127) * scale;
      if (!(bytes[at++] >= 128)) return value; // also past the end of a file that is cut short
    }
  };
  while (at < end) {
    const tag = varint();
    const size = tag % 8 === 2 ? varint() : tag % 8 === 1 ? 8 : tag % 8 === 5 ? 4 : (varint(), 0);
    yield [Math.floor(tag / 8), at, at + size];
    at += size;
  }
}

// The text of tokens: <0x41> is a byte, and ▁ begins a word.
function text(tokens) {
  const bytes = ({ token }) => (/^<0x..>$/.test(token) ? [Number(token.slice(1, 5))] : [...new TextEncoder().encode(token)]);
  return new TextDecoder().decode(Uint8Array.from(tokens.flatMap(bytes))).split("▁").filter(Boolean).join(" ");
}

export async function load(ort, bytes) {
  const info = metadata(bytes);
  if (!info.tokens) throw new Error("this is no model file of 'asr export'");
  const session = await ort.InferenceSession.create(bytes);
  // Float32Array of samples in [-1, 1] at info.rate_hz -> log-probabilities [frames, tokens.length], row by row.
  async function logProbs(samples) {
    const { log_probs, frames } = await session.run({
      samples: new ort.Tensor("float32", samples, [1, samples.length]),
      lengths: new ort.Tensor("int64", BigInt64Array.of(BigInt(samples.length)), [1]),
    });
    return { values: log_probs.data, frames: Number(frames.data[0]) };
  }
  // -> the tokens heard, each with its start in seconds: the best of every frame without repeats and blanks.
  function heard({ values, frames }) {
    const width = info.tokens.length, found = [];
    for (let frame = 0, last = info.blank; frame < frames; frame++) {
      const row = values.subarray(frame * width, (frame + 1) * width);
      const best = row.indexOf(row.reduce((a, b) => Math.max(a, b))), start_s = frame * info.frame_shift_s;
      if (best !== info.blank && best !== last) found.push({ token: info.tokens[best], start_s });
      last = best;
    }
    return found;
  }
  return { info, logProbs, heard, text, transcribe: async (samples) => text(heard(await logProbs(samples))) };
}
