// What was heard, drawn over time: every track has the same scale of pixels a second.
import { spectrogram } from "./spectrum.js";

const MIN_PX_S = 64, MAX_PX = 12000; // a canvas ends at about 16,000 pixels
const HEIGHTS = { waveform: 64, spectrogram: 112, posteriors: 112, axis: 20 };
const FLOOR_DB = -70;

export const element = (id) => document.getElementById(id);

// Draw everything about a recording: samples at rate_hz, the worker's answer, and its words.
export function drawAll({ samples, rate_hz, frame_shift_s, blank, values, frames, width, words, tokens }) {
  const duration_s = samples.length / rate_hz;
  const room = element("timeline").clientWidth;
  const px = Math.round(Math.max(room, Math.min(duration_s * MIN_PX_S, MAX_PX)));
  const scale = px / Math.max(duration_s, 1e-3); // pixels a second
  element("tracks").style.width = `${px}px`;
  const colours = styles("--tokens").split(",");
  const colourOf = (id) => colours[tokens.indexOf(id) % colours.length];
  drawWaveform(canvas("waveform", px), samples);
  drawSpectrogram(canvas("spectrogram", px), samples);
  drawPosteriors(canvas("posteriors", px), { values, frames, width, blank, tokens, colourOf, step: scale * frame_shift_s });
  placeWords(words, px, scale, colourOf);
  drawAxis(canvas("axis", px), duration_s, scale);
  element("top").textContent = rate_hz / 2000;
  return scale;
}

const styles = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

// Return a cleared 2D context of a canvas so many CSS pixels wide.
function canvas(id, width) {
  const target = element(id), height = HEIGHTS[id];
  const sharp = width * devicePixelRatio > MAX_PX ? 1 : devicePixelRatio;
  Object.assign(target, { width: width * sharp, height: height * sharp });
  Object.assign(target.style, { width: `${width}px`, height: `${height}px` });
  const context = target.getContext("2d");
  context.scale(sharp, sharp);
  return { context, width, height };
}

function drawWaveform({ context, width, height }, samples) {
  const loudest = samples.reduce((best, value) => Math.max(best, Math.abs(value)), 1e-3);
  context.fillStyle = styles("--wave");
  for (let x = 0; x < width; x++) {
    let low = 0, high = 0;
    const end = Math.floor(((x + 1) * samples.length) / width);
    for (let i = Math.floor((x * samples.length) / width); i < end; i++) {
      low = Math.min(low, samples[i]);
      high = Math.max(high, samples[i]);
    }
    const top = (height / 2) * (1 - high / loudest);
    context.fillRect(x, top, 1, Math.max(1, (height / 2) * (1 - low / loudest) - top));
  }
}

function drawSpectrogram({ context, width, height }, samples) {
  const columns = spectrogram(samples, width), rows = columns[0].length;
  const image = new ImageData(width, rows);
  const [ground, ink] = [rgb(styles("--tracks")), rgb(styles("--ink"))];
  columns.forEach((column, x) => column.forEach((decibels, bin) => {
    const share = Math.max(0, 1 - decibels / FLOOR_DB);
    const at = 4 * ((rows - 1 - bin) * width + x);
    ground.forEach((value, i) => { image.data[at + i] = value + share * (ink[i] - value); });
    image.data[at + 3] = 255;
  }));
  const still = new OffscreenCanvas(width, rows);
  still.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(still, 0, 0, width, height);
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.trim().slice(at, at + 2), 16));

// The blank as a grey area behind, and every token that was heard as a line of its own.
function drawPosteriors({ context, height }, { values, frames, width, blank, tokens, colourOf, step }) {
  const share = (frame, id) => Math.exp(values[frame * width + id]);
  const y = (frame, id) => (height - 4) * (1 - share(frame, id)) + 2;
  context.beginPath();
  for (let frame = 0; frame < frames; frame++) context.lineTo((frame + 0.5) * step, y(frame, blank));
  context.lineTo((frames - 0.5) * step, height);
  context.lineTo(0.5 * step, height);
  context.fillStyle = styles("--blank");
  context.globalAlpha = 0.45;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  for (const id of tokens) {
    context.strokeStyle = colourOf(id);
    context.beginPath();
    for (let frame = 1; frame < frames; frame++) {
      if (Math.max(share(frame - 1, id), share(frame, id)) < 0.01) continue; // no line along the bottom
      context.moveTo((frame - 0.5) * step, y(frame - 1, id));
      context.lineTo((frame + 0.5) * step, y(frame, id));
    }
    context.stroke();
  }
}

// Put every word below its first peak, in the first row where it overlaps no other.
function placeWords(words, px, scale, colourOf) {
  const list = element("words"), ends = [];
  list.replaceChildren();
  for (const { text, start_s, id } of words) {
    const item = document.createElement("li");
    item.textContent = text;
    item.title = `${start_s.toFixed(2)} s`;
    item.style.borderColor = colourOf(id);
    list.append(item);
    const left = Math.max(0, Math.min(start_s * scale, px - item.offsetWidth));
    let row = ends.findIndex((end) => end <= left);
    if (row < 0) row = ends.length;
    ends[row] = left + item.offsetWidth + 4;
    Object.assign(item.style, { left: `${left}px`, top: `${1.4 * row}rem` });
  }
  list.style.height = `${1.4 * Math.max(1, ends.length)}rem`;
}

function drawAxis({ context, width }, duration_s, scale) {
  const step_s = [0.5, 1, 2, 5, 10, 30, 60].find((step) => step * scale >= 48) ?? 120;
  context.fillStyle = styles("--quiet");
  context.font = "12px system-ui, sans-serif";
  for (let second = 0; second < duration_s; second += step_s) {
    const label = `${second} s`, x = second * scale;
    context.fillRect(x, 0, 1, 5);
    if (x + 4 + context.measureText(label).width < width) context.fillText(label, x + 3, 14);
  }
}
