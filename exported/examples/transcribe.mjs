// Print what is said in WAV files: npm install onnxruntime-node, then node transcribe.mjs model.onnx FILE.wav...
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { load } from "./recognizer.mjs";

// Return the samples of a mono WAV file of 16 bits, in [-1, 1].
function readWav(path, rate_hz) {
  const bytes = readFileSync(path);
  let at = 12, format;
  for (; bytes.toString("latin1", at, at + 4) !== "data"; at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) % 2)) {
    if (bytes.toString("latin1", at, at + 4) === "fmt ") format = bytes.subarray(at + 8);
  }
  const [channels, rate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
  if (channels !== 1 || rate !== rate_hz || bits !== 16) {
    throw new Error(`${path}: must be mono with 16 bits at ${rate_hz} Hz; convert it with: ffmpeg -i ${path} -ac 1 -ar ${rate_hz} out.wav`);
  }
  const size = Math.min(bytes.readUInt32LE(at + 4), bytes.length - at - 8) >> 1;
  return Float32Array.from({ length: size }, (_, i) => bytes.readInt16LE(at + 8 + 2 * i) / 32768);
}

const [model, ...files] = process.argv.slice(2);
const recognizer = await load(ort, readFileSync(model));
for (const file of files) console.log(await recognizer.transcribe(readWav(file, recognizer.info.rate_hz)));
