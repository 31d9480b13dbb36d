// What was heard, drawn over time: every track has the same scale of pixels a second.
const MAX_PX = 12000; // a canvas ends at about 16,000 pixels
const HEIGHTS = { waveform: 64, spectrogram: 112, posteriors: 128, axis: 20 };
const FLOOR_DB = -70;
const LABELLED = 0.3; // the probability from which on a token is named at its peak
const LABELS_PX = 16; // the row of names above the curves

export const element = (id) => document.getElementById(id);

// Draw everything about a recording of so many seconds, at so many pixels a second at least.
// samples: [T], or any values whose extremes are those of the samples. spectrum(columns): decibels below the loudest,
// [columns][bins]. share(frame, id): the probability of a token; tokens: the ids of those to be drawn, names: of all.
// lists: by the id of an element, words with start_s and the id of a token, for its colour, and what is called with each
// item and its word. begin_s: what the axis begins with.
export function drawAll({ samples, duration_s, begin_s = 0, spectrum, share, frames, frame_shift_s, blank, tokens, names, lists, least_px_s = 64 }) {
  const room = element("timeline").clientWidth;
  const px = Math.round(Math.max(room, Math.min(duration_s * least_px_s, MAX_PX)));
  const scale = px / Math.max(duration_s, 1e-3); // pixels a second
  element("tracks").style.width = `${px}px`;
  const colours = styles("--tokens").split(",");
  const colourOf = (id) => colours[Math.max(0, tokens.indexOf(id)) % colours.length];
  drawWaveform(canvas("waveform", px), samples);
  drawSpectrogram(canvas("spectrogram", px), spectrum(px));
  drawPosteriors(canvas("posteriors", px), { share, frames, blank, tokens, names, colourOf, step: scale * frame_shift_s });
  for (const [id, [words, show]] of Object.entries(lists)) placeWords(element(id), words, show, { px, scale, colourOf });
  drawAxis(canvas("axis", px), begin_s, duration_s, scale);
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

function drawSpectrogram({ context, width, height }, columns) {
  const rows = columns[0].length;
  const image = new ImageData(columns.length, rows);
  const [ground, ink] = [rgb(styles("--tracks")), rgb(styles("--ink"))];
  columns.forEach((column, x) => column.forEach((decibels, bin) => {
    const share = Math.max(0, 1 - decibels / FLOOR_DB);
    const at = 4 * ((rows - 1 - bin) * columns.length + x);
    ground.forEach((value, i) => { image.data[at + i] = value + share * (ink[i] - value); });
    image.data[at + 3] = 255;
  }));
  const still = new OffscreenCanvas(columns.length, rows);
  still.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(still, 0, 0, width, height);
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.trim().slice(at, at + 2), 16));

// The blank as a grey area behind, and every token that was heard as a line of its own, named where it is likeliest.
function drawPosteriors({ context, height }, { share, frames, blank, tokens, names, colourOf, step }) {
  const y = (frame, id) => LABELS_PX + (height - LABELS_PX - 4) * (1 - share(frame, id)) + 2;
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
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  let end = 0; // of the last name
  for (const { frame, id } of peaks(share, frames, tokens)) {
    const name = names[id].replace(/^▁(?=.)/, ""); // that a word begins can be seen
    const half = context.measureText(name).width / 2, x = Math.max((frame + 0.5) * step, half);
    if (x - half < end) continue;
    context.fillStyle = colourOf(id);
    context.fillText(name, x, LABELS_PX - 4);
    end = x + half + 2;
  }
}

// The frames, in order of time, in which a token is likelier than before and after.
function peaks(share, frames, tokens) {
  const found = [];
  for (let frame = 0; frame < frames; frame++) {
    for (const id of tokens) {
      const before = frame > 0 ? share(frame - 1, id) : 0, after = frame + 1 < frames ? share(frame + 1, id) : 0;
      if (share(frame, id) >= Math.max(LABELLED, after) && share(frame, id) > before) found.push({ frame, id });
    }
  }
  return found;
}

// Put every word below its first peak, in the first row where it overlaps no other.
function placeWords(target, words, show, { px, scale, colourOf }) {
  const ends = [], items = [];
  target.replaceChildren();
  for (const word of words) {
    const item = document.createElement("li");
    item.append(word.text);
    item.style.borderColor = colourOf(word.id);
    show(item, word);
    target.append(item);
    items.push(item);
  }
  const high = Math.max(0, ...items.map((item) => item.offsetHeight));
  items.forEach((item, at) => {
    const left = Math.max(0, Math.min(words[at].start_s * scale, px - item.offsetWidth));
    let row = ends.findIndex((end) => end <= left);
    if (row < 0) row = ends.length;
    ends[row] = left + item.offsetWidth + 4;
    Object.assign(item.style, { left: `${left}px`, top: `${high * row}px` });
  });
  target.style.height = `${high * Math.max(1, ends.length)}px`;
}

function drawAxis({ context, width }, begin_s, duration_s, scale) {
  const step_s = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60].find((step) => step * scale >= 48) ?? 120;
  context.fillStyle = styles("--quiet");
  context.font = "12px system-ui, sans-serif";
  for (let step = Math.ceil(begin_s / step_s); step * step_s < begin_s + duration_s; step++) {
    const label = `${+(step * step_s).toFixed(1)} s`, x = (step * step_s - begin_s) * scale;
    context.fillRect(x, 0, 1, 5);
    if (x + 4 + context.measureText(label).width < width) context.fillText(label, x + 3, 14);
  }
}

// Show a mark at so many pixels, and scroll to it where it is out of sight.
export function moveTo(id, x) {
  const timeline = element("timeline");
  element(id).hidden = false;
  element(id).style.left = `${x}px`;
  if (x < timeline.scrollLeft || x > timeline.scrollLeft + timeline.clientWidth) timeline.scrollLeft = x - timeline.clientWidth / 8;
}

// Let the playhead follow the player; `scale` tells the pixels a second. Return what plays from one second to another.
export function followed(player, scale) {
  let end_s = Infinity, next = 0;
  const follow = () => {
    cancelAnimationFrame(next);
    moveTo("playhead", player.currentTime * scale());
    if (player.currentTime >= end_s) player.pause();
    if (player.paused) end_s = Infinity;
    else next = requestAnimationFrame(follow);
  };
  player.addEventListener("play", follow);
  player.addEventListener("seeked", follow);
  return (from_s, to_s) => {
    player.currentTime = from_s;
    end_s = to_s;
    return player.play();
  };
}
