// Sound as mono samples at the model's rate, from files and from the microphone.

// Decode any format that the browser knows: bytes -> Float32Array at a rate.
export async function decoded(bytes, rate_hz) {
  const context = new OfflineAudioContext(1, 1, rate_hz); // whatever it decodes is resampled to its rate
  return mixed(await context.decodeAudioData(bytes));
}

function mixed(buffer) {
  const samples = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    buffer.getChannelData(channel).forEach((value, i) => { samples[i] += value / buffer.numberOfChannels; });
  }
  return samples;
}

// Listen until `stop()` is called, which resolves to the samples.
export async function recording(rate_hz) {
  if (!navigator.mediaDevices) throw new Error("The microphone needs a page that came over https or from this computer.");
  // What browsers do to make calls pleasant is not in the recordings that models are trained on.
  const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const context = new AudioContext();
  await context.audioWorklet.addModule("capture.js");
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  const pieces = [];
  node.port.onmessage = ({ data }) => pieces.push(data);
  context.createMediaStreamSource(stream).connect(node);
  return async function stop() {
    stream.getTracks().forEach((track) => track.stop());
    await context.close();
    return resampled(joined(pieces), context.sampleRate, rate_hz);
  };
}

function joined(pieces) {
  const whole = new Float32Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

async function resampled(samples, from_hz, to_hz) {
  const size = Math.floor((samples.length * to_hz) / from_hz);
  if (size === 0) return new Float32Array();
  const context = new OfflineAudioContext(1, size, to_hz);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: from_hz });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return mixed(await context.startRendering());
}

// A WAV file of 16 bits, for the player.
export function wav(samples, rate_hz) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  write(8, "WAVEfmt ");
  [[16, 16], [24, rate_hz], [28, 2 * rate_hz], [40, 2 * samples.length]].forEach(([at, value]) => view.setUint32(at, value, true));
  [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => view.setUint16(at, value, true));
  write(36, "data");
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new Blob([view], { type: "audio/wav" });
}
