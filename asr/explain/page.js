// The report of one recording; charts.js stands before it in the page.
const ZOOM = 1.5, MOST_PX_S = 600, EITHER_SIDE_S = 0.2; // a model tells a word late in it, or just behind it
const data = JSON.parse(element("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const extremes = new Int8Array(bytes(data.extremes).buffer);
const spectrum = bytes(data.spectrum);

let least_px_s = 64;
let scale = 1; // pixels a second

// Frames in rows of the tokens that have a line, the blank before them.
const column = new Map([data.blank, ...data.tokens].map((id, at) => [id, at]));
const shares = new Float32Array(data.frames * column.size);
data.likely.forEach((pairs, frame) => {
  for (let at = 0; at < pairs.length; at += 2) {
    if (column.has(pairs[at])) shares[frame * column.size + column.get(pairs[at])] = pairs[at + 1] / 1000;
  }
});

function draw() {
  scale = drawAll({
    ...data, least_px_s,
    samples: extremes,
    spectrum: (columns) => Array.from({ length: columns }, (_, x) => bands(Math.floor((x + 0.5) / columns * spectrum.length / data.bands))),
    share: (frame, id) => shares[frame * column.size + column.get(id)],
    lists: { words: [data.words, heardWord], ...(element("said") && { said: [data.said, playing] }) },
  });
  if (!element("cursor").hidden) moveTo("cursor", (Number(element("frame").value) + 0.5) * data.frame_shift_s * scale);
}

const bands = (at) => Float32Array.from(spectrum.subarray(at * data.bands, (at + 1) * data.bands), (value) => data.range_db * (value / 255 - 1));

function heardWord(item, word) {
  playing(item, word);
  item.classList.toggle("unsure", word.confidence < 0.5);
  const sure = document.createElement("small");
  sure.textContent = word.confidence.toFixed(2);
  item.firstChild.append(sure);
  item.firstChild.setAttribute("aria-label", `${word.text}, at ${clock(word.start_s)}, confidence ${word.confidence.toFixed(2)}`);
}

// Make a word of a list a button that plays it, as far as its neighbours let it.
function playing(item, word) {
  const words = data.words.includes(word) ? data.words : data.said, at = words.indexOf(word);
  const from_s = Math.max(0, words[at - 1]?.end_s ?? 0, word.start_s - EITHER_SIDE_S);
  const to_s = Math.min(data.duration_s, words[at + 1]?.start_s ?? data.duration_s, word.end_s + EITHER_SIDE_S);
  const target = document.createElement("button");
  target.type = "button";
  target.append(...item.childNodes);
  target.onclick = () => play(from_s, Math.max(to_s, word.end_s));
  item.title = `${clock(word.start_s)} to ${clock(word.end_s)}`;
  if (words === data.said) item.style.borderColor = "";
  item.className = word.mark ? `w ${word.mark}` : "";
  item.append(target);
}

const clock = (second) => `${(data.begin_s + second).toFixed(2)} s`;

// Say what is likely in the frame that is chosen, and show where it is.
function point() {
  const frame = Number(element("frame").value), pairs = data.likely[frame] ?? [];
  const tokens = pairs.flatMap((id, at) => (at % 2 ? [] : [`${data.names[id]} ${(pairs[at + 1] / 1000).toFixed(3)}`]));
  const text = `${clock(frame * data.frame_shift_s)}: ${tokens.join(", ")}`;
  element("likely").textContent = text;
  element("frame").setAttribute("aria-valuetext", text);
  moveTo("cursor", (frame + 0.5) * data.frame_shift_s * scale);
}

function zoom(factor) {
  const timeline = element("timeline"), middle_s = (timeline.scrollLeft + timeline.clientWidth / 2) / scale;
  least_px_s = Math.min(MOST_PX_S, Math.max(timeline.clientWidth / data.duration_s, scale * factor));
  draw();
  timeline.scrollLeft = middle_s * scale - timeline.clientWidth / 2;
}

const play = followed(element("player"), () => scale);
element("closer").onclick = () => zoom(ZOOM);
element("farther").onclick = () => zoom(1 / ZOOM);
element("frame").max = Math.max(0, data.frames - 1);
element("frame").oninput = point;
element("tracks").onpointermove = (event) => {
  const x = event.clientX - element("tracks").getBoundingClientRect().left;
  element("frame").value = Math.floor(x / scale / data.frame_shift_s);
  point();
};
for (const [hz, share] of data.ticks) {
  const tick = document.createElement("span");
  tick.textContent = `${hz / 1000} kHz`;
  tick.style.bottom = `${100 * share}%`;
  element("ticks").append(tick);
}
window.onresize = draw;
matchMedia("(prefers-color-scheme: dark)").onchange = draw;
draw();
