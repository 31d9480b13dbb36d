// The page: sound in, text and pictures out. The model runs in worker.js.
import { drawAll, element, followed } from "./charts.js";
import { decoded, recording, wav } from "./sound.js";
import { spectrogram } from "./spectrum.js";

// A module of one function that uses a SIMD instruction.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
const MAX_S = 1800;

let info; // what the model file says about itself
let worker;
let shown; // what was transcribed last, to be drawn again at another width or in other colours
let stop; // ends the recording that runs
let scale = 1; // pixels a second
let answered; // takes the worker's next answer

// ---- what the page says

function say(state, text) {
  document.body.dataset.state = state;
  element("status").textContent = text;
}

const fail = (text) => say("failed", text);

function enable(on) {
  for (const id of ["record", "sample", "file"]) element(id).disabled = !on;
}

// ---- the model

function missing() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly, which the model needs; use a current one.";
  if (!WebAssembly.validate(Uint8Array.from(SIMD))) return "This browser's WebAssembly has no SIMD, which the model needs; use a current one.";
  if (typeof DecompressionStream !== "function") return "This browser cannot unpack gzip, which the page needs; use a current one.";
  return "";
}

function start() {
  const reason = missing();
  enable(false);
  if (reason) return fail(reason);
  worker = new Worker("worker.js", { type: "module" });
  worker.onerror = () => fail("The model's program could not be started; load the page again, from a web server.");
  worker.onmessage = ({ data }) => (info ? answered(data) : ready(data));
}

function ready(message) {
  if (message.failed) return fail(`The model could not be loaded: ${message.failed}`);
  info = message.info;
  const loaded_s = performance.now() / 1000;
  document.body.dataset.loaded = loaded_s;
  element("about").textContent = `Model ${info.name}, ${info.tokens.length} tokens, loaded in ${loaded_s.toFixed(1)} s.`;
  enable(true);
  say("ready", "Ready.");
}

function answer(samples) {
  worker.postMessage(samples);
  return new Promise((resolve) => { answered = resolve; });
}

// ---- from sound to text

async function transcribe(name, sound) {
  if (element("file").disabled) return; // still loading, recording, or at work
  const begun = performance.now();
  enable(false);
  say("busy", `${name}: listening…`);
  try {
    const samples = await sound();
    check(samples, name);
    const said = await answer(samples);
    if (said.failed) throw new Error(said.failed);
    show(name, samples, said, (performance.now() - begun) / 1000);
    say("done", `${name}: done.`);
  } catch (error) {
    fail(error.message);
  }
  enable(true);
}

function check(samples, name) {
  if (samples.length === 0) throw new Error(`${name}: there is no sound in it.`);
  if (samples.length > MAX_S * info.rate_hz) throw new Error(`${name}: is longer than ${MAX_S / 60} minutes; cut it.`);
}

function show(name, samples, said, whole_s) {
  const duration_s = samples.length / info.rate_hz;
  const idOf = ({ token }) => info.tokens.indexOf(token);
  const words = said.words.map((word) => ({ ...word, id: idOf(word) }));
  shown = {
    ...info, ...said, samples, duration_s,
    lists: { words: [words, (item, { start_s }) => { item.title = `${start_s.toFixed(2)} s`; }] },
    tokens: [...new Set(said.tokens.map(idOf))],
    names: info.tokens,
    share: (frame, id) => Math.exp(said.values[frame * said.width + id]),
    spectrum: (columns) => spectrogram(samples, columns),
  };
  element("result").hidden = false;
  element("text").textContent = said.text || "(no words heard)";
  element("top").textContent = info.rate_hz / 2000;
  element("took").textContent =
    `${duration_s.toFixed(2)} s of sound, read in ${whole_s.toFixed(2)} s, of which the model took ${said.took_s.toFixed(2)} s.`;
  URL.revokeObjectURL(element("player").src);
  element("player").src = URL.createObjectURL(wav(samples, info.rate_hz));
  const about = { waveform: "Waveform", spectrogram: "Spectrogram", posteriors: "Probabilities of the tokens" };
  for (const [id, what] of Object.entries(about)) element(id).setAttribute("aria-label", `${what} of ${name}, ${duration_s.toFixed(1)} seconds`);
  draw();
}

function draw() {
  if (shown) scale = drawAll(shown);
}

// ---- ways in

function open(file) {
  if (!file) return;
  transcribe(file.name, async () => {
    const bytes = await file.arrayBuffer();
    try {
      return await decoded(bytes, info.rate_hz);
    } catch {
      throw new Error(`${file.name}: this browser finds no sound in it; try a WAV, MP3, Ogg or FLAC file.`);
    }
  });
}

async function record() {
  const button = element("record");
  try {
    stop = await recording(info.rate_hz);
  } catch (error) {
    const denied = ["NotAllowedError", "SecurityError"].includes(error.name);
    const absent = error.name === "NotFoundError";
    return fail(
      denied ? "The microphone may not be used: allow it in the browser's settings for this page, or choose a file."
      : absent ? "There is no microphone here; choose a file instead." : `The microphone cannot be used: ${error.message}`,
    );
  }
  enable(false);
  button.disabled = false;
  button.setAttribute("aria-pressed", "true");
  button.textContent = "Stop";
  const begun = performance.now();
  const tell = () => stop && say("recording", `Recording: ${((performance.now() - begun) / 1000).toFixed(0)} s. Press Stop to read it.`);
  tell();
  const ticking = setInterval(() => (stop ? tell() : clearInterval(ticking)), 1000);
}

function finish() {
  const ended = stop;
  stop = undefined;
  element("record").setAttribute("aria-pressed", "false");
  element("record").textContent = "Record";
  enable(true);
  transcribe("Recording", ended);
}

const drop = element("drop");
drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
drop.ondragleave = () => drop.classList.remove("over");
drop.ondrop = (event) => { event.preventDefault(); drop.classList.remove("over"); open(event.dataTransfer.files[0]); };
element("file").onchange = ({ target }) => { open(target.files[0]); target.value = ""; };
element("record").onclick = () => (stop ? finish() : record());
element("sample").onclick = () => transcribe("The sample", async () => decoded(await (await fetch("sample.wav")).arrayBuffer(), info.rate_hz));
window.onresize = draw;
matchMedia("(prefers-color-scheme: dark)").onchange = draw;

followed(element("player"), () => scale);

start();
