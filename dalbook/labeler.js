// The labeler's user interface, for anywidget. What stands behind it is any object with get, set, save_changes, on, off
// and send: Python in a notebook, a recording in the built book. Names of classes and files stay text, never markup.

const SETTLE = 300; // ms; nobody has heard a new clip by then, so the decision was meant for the one before
const DOUBLE = 500; // ms; the same for the later half of a double click, which some hands make slowly
const SILENT = 3000; // ms without an answer before the person is told
const ASK = 120; // ms left to the engine to send a sound by itself, and between two looks
const ASK_AGAIN = 4000; // ms
const KEPT = 12; // sounds
const STEP = 0.25; // seconds an arrow key moves
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const STORE = "dalbook-labeler";

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  loop: "M7 7h10v3l4-4-4-4v3H5v6h2zm10 10H7v-3l-4 4 4 4v-3h12v-6h-2z",
  sound: "M4 9v6h4l5 5V4L8 9zm12-1v8a4.5 4.5 0 0 0 0-8z",
};

// The spectrogram's colours, from silence to the loudest: even steps of lightness, for any kind of colour vision.
const SHADES = ["#0b0b1c", "#251256", "#59167a", "#932a80", "#cf406f", "#f4705c", "#fdb078", "#fcfdbf"];

/** An element; attributes that start with "on" are listeners, and children that are strings stay text. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function s(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A name that may break after what joins its words; all of it stays text. */
const name = (words) =>
  h("span", { class: "dlb-name" }, ...words.match(/[^_/.-]*[_/.-]?/g).flatMap((part) => [part, h("wbr")]));

const icon = (name) =>
  s("svg", { viewBox: "0 0 24 24", class: "dlb-icon", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
const cap = (key) => h("kbd", { "aria-hidden": "true" }, key);

/** The key of each class: digits, then the letters that mean nothing else; null where they run out. */
function keysFor(count) {
  const keys = [..."1234567890", ..."abcdefghijklmnopqrtvwxyz"]; // without s (skip) and u (unsure)
  return Array.from({ length: count }, (_, i) => keys[i] ?? null);
}

/** What a key press means, whatever the layout: on a French keyboard the digits come with Shift only. */
function meaning(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code ?? "");
  return digit && !event.shiftKey && !/^[a-z?]$/.test(key) && key.length === 1 ? digit[1] : key;
}

function span(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const hertz = (hz) => (hz < 1000 ? `${Math.round(hz)} Hz` : `${+(hz / 1000).toFixed(1)} kHz`);
const bytes = (buffer) =>
  buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** Volume, speed and loop as they were the last time; storage may be closed to a page, and then they start anew. */
function settings() {
  const kept = { volume: 1, speed: 1, loop: false };
  try {
    const found = JSON.parse(localStorage.getItem(STORE)) ?? {};
    if (found.volume >= 0 && found.volume <= 1) kept.volume = found.volume;
    if (SPEEDS.includes(found.speed)) kept.speed = found.speed;
    kept.loop = found.loop === true;
  } catch {}
  return kept;
}

function keep(kept) {
  try {
    localStorage.setItem(STORE, JSON.stringify(kept));
  } catch {}
}

// ---------------------------------------------------------------------------------------------------------- the sound

/** The outline as a closed path, as high as the panel allows: a quiet clip shows its shape too. */
function outline(envelope) {
  const pairs = envelope.length / 2;
  const peak = Math.max(1e-4, envelope.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const at = (i, side) => `${((i + 0.5) / pairs) * 600} ${(1 - (0.94 * envelope[2 * i + side]) / peak) * 50}`;
  const over = Array.from({ length: pairs }, (_, i) => at(i, 1));
  const under = Array.from({ length: pairs }, (_, i) => at(pairs - 1 - i, 0));
  return pairs ? `M${[...over, ...under].join("L")}Z` : "";
}

const TABLE = Array.from({ length: 256 }, (_, level) => {
  const place = (level / 255) * (SHADES.length - 1);
  const left = Math.min(Math.floor(place), SHADES.length - 2);
  const part = (stop, at) => parseInt(SHADES[stop].slice(at, at + 2), 16);
  return [1, 3, 5].map((at) => part(left, at) + (part(left + 1, at) - part(left, at)) * (place - left));
});

function paint(canvas, { rows, columns }, levels) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const row = rows - 1 - Math.floor(i / columns); // row 0 is the lowest band, drawn at the bottom
    const [red, green, blue] = TABLE[levels[row * columns + (i % columns)]];
    image.data[4 * i] = red;
    image.data[4 * i + 1] = green;
    image.data[4 * i + 2] = blue;
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Where round frequencies lie between the lowest (0) and the highest band (1), on Slaney's mel scale. */
function ticks({ low, high }) {
  const mel = (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4));
  const place = (hz) => (mel(hz) - mel(low)) / (mel(high) - mel(low));
  return [100, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000]
    .map((hz) => [hz, place(hz)])
    .filter(([, at]) => at > 0.08 && at < 0.94)
    .filter(([, at], i, all) => i === 0 || at - all[i - 1][1] > 0.13); // room for the words
}

/** Waveform, spectrogram and the one <audio> element with its controls. */
function soundPanel() {
  const kept = settings();
  const audio = h("audio", { preload: "auto" });
  const path = s("path", { d: "" });
  const wave = s("svg", { viewBox: "0 0 600 100", preserveAspectRatio: "none", class: "dlb-wave" }, path);
  const canvas = h("canvas", { class: "dlb-mel", width: 1, height: 1 });
  const scale = h("div", { class: "dlb-scale", "aria-hidden": "true" });
  const cursor = h("div", { class: "dlb-cursor" });
  const words = h("p", { class: "dlb-over", hidden: true });
  const picture = h(
    "div",
    { class: "dlb-picture", role: "slider", tabindex: 0, "aria-label": "Position in the sound", "aria-valuemin": 0 },
    wave,
    canvas,
    scale,
    cursor,
    words,
  );
  const toggle = () => (audio.paused ? play() : stop());
  const playButton = h("button", { type: "button", class: "dlb-play", onclick: toggle });
  const loopButton = h("button", { type: "button", onclick: () => change({ loop: !kept.loop }) }, icon("loop"), "Loop");
  const speedButton = h("button", {
    type: "button",
    onclick: () => change({ speed: SPEEDS[(SPEEDS.indexOf(kept.speed) + 1) % SPEEDS.length] }),
  });
  const volume = h("input", {
    type: "range",
    min: "0",
    max: "1",
    step: "0.05",
    "aria-label": "Volume",
    oninput: () => change({ volume: Number(volume.value) }),
  });
  const clock = h("span", { class: "dlb-clock" });
  const controls = h(
    "div",
    { class: "dlb-controls" },
    playButton,
    loopButton,
    speedButton,
    h("label", { class: "dlb-volume" }, icon("sound"), volume),
    clock,
  );
  const node = h("section", { class: "dlb-sound", "aria-label": "Sound" }, picture, controls, audio);

  let sound = null;
  let wanted = null; // where in the sound (seconds) it is to start, once its file is open
  let refused = false;
  let frame = 0;

  function change(some) {
    Object.assign(kept, some);
    keep(kept);
    settle();
  }

  function settle() {
    audio.volume = kept.volume;
    audio.loop = kept.loop;
    audio.defaultPlaybackRate = audio.playbackRate = kept.speed;
    volume.value = String(kept.volume);
    loopButton.setAttribute("aria-pressed", String(kept.loop));
    speedButton.textContent = `${kept.speed}×`;
    speedButton.setAttribute("aria-label", `Speed ${kept.speed} times, press to change`);
  }

  function say(text, kind = "") {
    words.textContent = text;
    words.hidden = !text;
    picture.dataset.state = kind;
  }

  function tick() {
    const duration = sound?.meta?.duration ?? 0;
    const at = Math.min(audio.currentTime || 0, duration);
    // each frame moves a layer and nothing else: laying out or painting a notebook's page takes longer than a frame
    cursor.style.transform = `translateX(${duration ? (100 * at) / duration : 0}%)`;
    const spoken = at.toFixed(1);
    const text = duration ? `${spoken} / ${duration.toFixed(1)} s` : "";
    if (clock.textContent !== text) {
      clock.textContent = text;
      picture.setAttribute("aria-valuenow", spoken);
      picture.setAttribute("aria-valuemax", duration.toFixed(1));
      picture.setAttribute("aria-valuetext", `${spoken} of ${duration.toFixed(1)} seconds`);
    }
    cancelAnimationFrame(frame);
    if (!audio.paused) frame = requestAnimationFrame(tick);
  }

  function button() {
    playButton.replaceChildren(icon(audio.paused ? "play" : "pause"), audio.paused ? "Play" : "Pause", cap("Space"));
    tick();
  }

  async function play(from = audio.ended ? 0 : undefined) {
    if (!sound?.url) return;
    if (from !== undefined) seek(from);
    // several labelers on a page: one sounds at a time
    document.dispatchEvent(new CustomEvent("dalbook-labeler-plays", { detail: audio }));
    try {
      await audio.play();
      refused = false;
      say("");
    } catch (error) {
      if (error.name === "NotAllowedError") {
        refused = true;
        say("Press Space or click to listen", "refused");
      } else if (error.name === "NotSupportedError") say("The browser cannot play this sound. Skip it.", "error");
      // AbortError: the next clip came meanwhile
    }
  }

  function stop() {
    audio.pause();
  }

  function seek(seconds) {
    const to = Math.min(Math.max(0, seconds), sound?.meta?.duration ?? 0);
    if (audio.readyState) audio.currentTime = to;
    else wanted = to;
    tick();
  }

  /** Show a sound, {url, meta, envelope, levels} or {error}; or null, and words instead. */
  function show(next, instead = "The sound is on its way …") {
    sound = next;
    wanted = null;
    const ready = Boolean(sound?.url);
    if (ready) {
      audio.src = sound.url; // first of all, as the browser opens it while the rest is drawn
      settle();
    }
    path.setAttribute("d", ready ? outline(sound.envelope) : "");
    scale.replaceChildren();
    if (ready) {
      paint(canvas, sound.meta.mel, sound.levels);
      for (const [hz, at] of ticks(sound.meta.mel)) {
        scale.append(h("span", { style: `bottom: ${(100 * at).toFixed(1)}%` }, hertz(hz)));
      }
    } else {
      canvas.width = canvas.height = 1;
      audio.removeAttribute("src");
      audio.load();
    }
    playButton.disabled = !ready;
    if (sound?.error) say(`This sound cannot be played: ${sound.error}`, "error");
    else say(ready ? "" : instead, "late");
    button();
  }

  const point = (event) => {
    const box = picture.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * (sound?.meta?.duration ?? 0);
  };
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !sound?.url) return;
    picture.setPointerCapture(event.pointerId);
    seek(refused ? 0 : point(event));
  });
  picture.addEventListener("pointermove", (event) => {
    if (picture.hasPointerCapture(event.pointerId)) seek(point(event));
  });
  picture.addEventListener("click", () => audio.paused && play());
  for (const name of ["play", "pause", "ended", "seeked"]) audio.addEventListener(name, button);
  audio.addEventListener("loadedmetadata", () => {
    if (wanted) audio.currentTime = wanted;
    wanted = null;
    tick();
  });
  const quiet = (event) => event.detail !== audio && stop();
  document.addEventListener("dalbook-labeler-plays", quiet);
  settle();
  button();

  return {
    node,
    show,
    play,
    stop,
    playing: () => !audio.paused,
    move: (seconds) => seek(audio.currentTime + seconds),
    seek,
    // a decision made before any sound was allowed is the gesture that Safari wants to see a load in
    unlock: () => refused && audio.load(),
    close() {
      document.removeEventListener("dalbook-labeler-plays", quiet);
      cancelAnimationFrame(frame);
      audio.pause();
      audio.removeAttribute("src");
      audio.load();
    },
  };
}

// ---------------------------------------------------------------------------------------------------- beside the sound

/** Votes as bars with their numbers, the most first. */
function drawOpinion(opinion, classes, why) {
  if (!opinion) return [h("p", {}, why ? `Nothing yet. Picked because of this: ${why}.` : "Nothing yet.")];
  const votes = opinion.votes.map((count, label) => [count, label]).filter(([count]) => count > 0);
  votes.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const place = opinion.rank == null ? "" : `, rank ${opinion.rank} of ${opinion.of}`;
  const reasons = [
    opinion.words || `Vote entropy ${opinion.entropy.toFixed(2)} nats${place}.`,
    why && `Picked because of this: ${why}.`,
  ];
  return [
    h(
      "ul",
      { class: "dlb-votes", "aria-label": `Votes of ${opinion.masks} hypotheses` },
      ...votes.map(([count, label]) =>
        h(
          "li",
          {},
          name(classes[label] ?? "?"),
          h("span", { class: "dlb-bar", "aria-hidden": "true" }, bar(count / opinion.masks)),
          h("span", { class: "dlb-count" }, `${count} of ${opinion.masks}`),
        ),
      ),
    ),
    ...reasons.filter(Boolean).map((text) => h("p", { class: "dlb-small" }, text)),
  ];
}

function bar(part) {
  return h("span", { style: `width: ${(100 * Math.min(1, Math.max(0, part))).toFixed(1)}%` });
}

/** The learning curve: yours solid, random picking dashed, each named at its end. */
function drawCurve({ mine, random, words }) {
  const last = Math.max(1, ...[...mine, ...random].map(([labels]) => labels));
  const x = (labels) => 34 + (250 * labels) / last;
  const y = (recall) => 134 - 120 * recall;
  const ends = [mine, random].map((points) => points.at(-1)?.[1] ?? 0);
  const close = 120 * Math.abs(ends[0] - ends[1]) < 14; // then the names make way for each other
  const line = (points, title, up) =>
    points.length
      ? [
          s("polyline", { points: points.map(([n, r]) => `${x(n)},${y(r)}`).join(" "), class: `dlb-${title}` }),
          s("circle", { cx: x(points.at(-1)[0]), cy: y(points.at(-1)[1]), r: 3, class: `dlb-${title}` }),
          s("text", { x: x(points.at(-1)[0]) + 7, y: y(points.at(-1)[1]) + 4 + (close ? (up ? -6 : 7) : 0) }, title),
        ]
      : [];
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((recall) => [
    s("line", { x1: 34, x2: 284, y1: y(recall), y2: y(recall) }),
    s("text", { x: 28, y: y(recall) + 4, class: "dlb-left" }, `${100 * recall}%`),
  ]);
  const drawing = s(
    "svg",
    { viewBox: "0 0 344 168", role: "img", "aria-label": words },
    ...grid,
    s("text", { x: 34, y: 150, class: "dlb-middle" }, "0"),
    s("text", { x: 284, y: 150, class: "dlb-middle" }, String(last)),
    s("text", { x: 159, y: 163, class: "dlb-middle" }, "labels given"),
    ...line(random, "random", ends[1] > ends[0]),
    ...line(mine, "you", ends[0] >= ends[1]),
  );
  return [drawing, h("p", { class: "dlb-small" }, words)];
}

function drawHelp(keys) {
  const named = keys.filter(Boolean).map((key) => key.toUpperCase());
  const rows = [
    [named.length > 1 ? `${named[0]} to ${named.at(-1)}` : (named[0] ?? "1"), "the class on the button"],
    ["U", "unsure: nothing is learned from this clip"],
    ["S", "skip"],
    ["Backspace", "take the last decision back, then the one before it"],
    ["Space", "listen from the start"],
    ["← →", "move in the sound; Home: to its start"],
    ["Esc", "stop the sound, go back, close"],
    ["?", "show or hide these keys"],
  ];
  return [h("dl", {}, ...rows.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]))];
}

// --------------------------------------------------------------------------------------------------------- the labeler

export function render({ model, el }) {
  const sounds = new Map(); // clip -> {url, meta, envelope, levels} or {error}; the last used one last
  const asked = new Map(); // clip -> when
  const drawn = {}; // what each part was last drawn from
  let request = null; // the one the engine has not heard yet
  let failed = ""; // what was refused last
  let silent = false;
  let heard = model.get("heard") ?? 0;
  let review = null; // an earlier decision listened to again: {clip, id, words, change}
  let shown = null; // the clip in the panel, and whether for a review
  let shownAt = 0; // performance.now()
  let quietUntil = 0;
  let adding = false;
  let silence = 0; // timers
  let settled = 0;
  let look = 0;
  let queued = false;
  let closed = false;

  const panel = soundPanel();
  const part = (name, tag = "div", attributes = {}) => h(tag, { class: `dlb-${name}`, ...attributes });
  const banner = part("banner", "div", { hidden: true });
  const words = part("words", "span");
  const training = h("span", { class: "dlb-training" }, "learning …");
  const stage = h("p", { class: "dlb-stage" }, words, training);
  const counts = part("counts", "p");
  const meter = part("meter", "div", { role: "progressbar", "aria-label": "Clips labeled", "aria-valuemin": "0" });
  const notice = part("notice", "p", { hidden: true });
  const start = h("button", { type: "button", class: "dlb-start", hidden: true }, "Start learning now");
  const question = part("question", "p");
  const file = part("file", "p");
  const back = part("back", "div", { hidden: true });
  const grid = part("classes", "div", { role: "group", "aria-label": "Classes" });
  const verdict = (name, key, action) =>
    h("button", { type: "button", onclick: action }, cap(key), h("span", {}, name));
  const unsure = verdict("Unsure", "U", (event) => decide({ do: "unsure" }, event));
  const skip = verdict("Skip", "S", (event) => decide({ do: "skip" }, event));
  const undo = verdict("Undo", "⌫", (event) => takeBack(event));
  const helpButton = verdict("Keys", "?", () => toggleHelp());
  const problem = part("problem", "div", { role: "alert" });
  const status = part("status", "p", { role: "status" });
  const help = part("help", "div", { role: "region", "aria-label": "Keys", hidden: true });
  const opinion = part("opinion");
  const history = part("history", "ol", { "aria-label": "Last decisions, newest first" });
  const curve = part("curve", "section", { hidden: true, "aria-label": "Learning curve" });
  const folded = h("details", {}, h("summary", {}, "What does the model think?"), opinion);

  const root = h(
    "div",
    // JupyterLab leaves its one-letter shortcuts alone below this attribute
    { class: "dalbook-labeler", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": "true" },
    h(
      "div",
      { class: "dlb-sheet" },
      banner,
      h("header", { class: "dlb-head" }, stage, counts, meter, start),
      notice,
      h(
        "div",
        { class: "dlb-main" },
        h("div", { class: "dlb-title" }, question, file),
        back,
        panel.node,
        problem,
        grid,
        h("div", { class: "dlb-verdicts", role: "group", "aria-label": "No class" }, unsure, skip, undo, helpButton),
        status,
        help,
      ),
      h(
        "aside",
        { class: "dlb-aside", "aria-label": "Beside the sound" },
        folded,
        h("section", { "aria-label": "Last labels" }, h("h3", {}, "Last labels"), history),
        curve,
      ),
    ),
  );
  root.setAttribute("aria-label", "Sound labeler. Press question mark for the keys.");
  start.addEventListener("click", () => send({ do: "start" }));

  const list = (name) => model.get(name) ?? [];
  const recording = () => Boolean(model.get("recording"));
  const unheard = () => list("said").find(({ n }) => n > (model.get("heard") ?? 0)) ?? null;
  const className = (label) => list("classes")[label] ?? "?";
  const inFocus = () => root.contains(root.getRootNode().activeElement);
  const focus = () => root.focus({ preventScroll: true });

  // ------------------------------------------------------------------------------------------------ to the engine

  function send(what) {
    if (recording()) return say("This is a recording: nothing is labeled here.");
    if (unheard()) return;
    model.set("said", [{ n: (model.get("heard") ?? 0) + 1, ...what }]);
    model.save_changes();
    update();
  }

  function decide(what, event) {
    panel.unlock();
    const target = review ?? model.get("clip");
    if (recording()) return say("This is a recording: nothing is labeled here.");
    if (!target || unheard()) return;
    if (review && !review.change) return say("You are listening again: go back first (Esc).");
    const now = performance.now();
    if (now < (event.detail > 1 ? shownAt + DOUBLE : quietUntil)) return;
    send({ ...what, clip: target.clip, seconds: Math.round(now - shownAt) / 1000 });
  }

  function takeBack(event) {
    if (review) return say("Go back to the clip first (Esc).");
    if (event.detail > 1 && performance.now() < shownAt + DOUBLE) return;
    if (model.get("progress")?.undo) send({ do: "undo" });
    else if (!recording()) say("There is nothing to take back.");
  }

  function addClass(name) {
    if (!name) return;
    adding = false;
    focus();
    send({ do: "class", name });
  }

  /** What a request has done, in words. */
  function outcome({ do: what, label, name: added }) {
    if (what === "label") return `${review ? "Changed to" : "Labeled"} ${className(label)}.`;
    const done = { unsure: "Noted as unsure.", skip: "Skipped.", undo: "Taken back.", start: "Learning starts." };
    return done[what] ?? `Added ${added}.`;
  }

  // ---------------------------------------------------------------------------------------------------- the sounds

  function onSound(content, buffers) {
    const clip = content?.sound;
    if (clip == null || closed) return;
    if (sounds.get(clip)?.url) return; // sent unasked and asked for: once is enough
    sounds.delete(clip);
    if (content.error) sounds.set(clip, { error: content.error });
    else {
      const [file, envelope, levels] = buffers.map(bytes);
      sounds.set(clip, {
        url: URL.createObjectURL(new Blob([file], { type: content.mime })),
        meta: content,
        envelope: new Float32Array(envelope.slice().buffer),
        levels,
      });
    }
    const needed = new Set(wantedClips());
    for (const old of sounds.keys()) {
      if (sounds.size <= KEPT) break;
      if (!needed.has(old)) forget(old);
    }
    if (shown && shown.clip === clip) {
      panel.show(sounds.get(clip));
      if (shown.plays) autoplay();
    }
  }

  function forget(clip) {
    const { url } = sounds.get(clip);
    if (url) URL.revokeObjectURL(url);
    sounds.delete(clip);
    asked.delete(clip);
  }

  const wantedClips = () => [review, model.get("clip"), ...list("ahead")].filter(Boolean).map(({ clip }) => clip);

  function askForSounds() {
    clearTimeout(look);
    const now = performance.now();
    const lacking = wantedClips().filter((clip) => !sounds.has(clip));
    for (const clip of new Set(lacking)) {
      if (now - (asked.get(clip) ?? -Infinity) < ASK_AGAIN) continue;
      asked.set(clip, now);
      model.send({ sound: clip });
    }
    if (lacking.length) look = setTimeout(askForSounds, ASK_AGAIN);
  }

  function autoplay() {
    const other = root.getRootNode().activeElement?.closest?.(".dalbook-labeler");
    if (!other || other === root) panel.play(0); // not over another labeler that is being used
  }

  // ------------------------------------------------------------------------------------------------------- drawing

  function say(text) {
    status.textContent = text;
  }

  /** Draw a part anew only if what it shows has changed, so that the focus stays where it is. */
  function redraw(part, node, data, draw) {
    const key = JSON.stringify(data);
    if (drawn[part] === key) return;
    drawn[part] = key;
    const had = node.contains(root.getRootNode().activeElement);
    node.replaceChildren(...draw());
    if (had && !inFocus()) focus();
  }

  function drawClasses(keys) {
    const buttons = list("classes").map((title, label) =>
      h(
        "button",
        {
          type: "button",
          "data-class": label,
          "aria-keyshortcuts": keys[label],
          onclick: (event) => decide({ do: "label", label }, event),
        },
        ...(keys[label] ? [cap(keys[label].toUpperCase())] : []),
        name(title),
        h("span", { class: "dlb-count", title: "labeled so far" }),
      ),
    );
    if (recording()) return buttons;
    if (!adding) {
      const open = () => {
        adding = true;
        update();
        grid.querySelector("input").focus();
      };
      return [...buttons, h("button", { type: "button", class: "dlb-add", onclick: open }, "+ Add a class")];
    }
    const input = h("input", {
      type: "text",
      "aria-label": "Name of the new class",
      placeholder: "New class",
      maxlength: 80,
    });
    const submit = (event) => {
      event.preventDefault();
      addClass(input.value.trim());
    };
    return [
      ...buttons,
      h("form", { class: "dlb-new", onsubmit: submit }, input, h("button", { type: "submit" }, "Add")),
    ];
  }

  function drawHistory(items) {
    if (!items.length) return [h("li", { class: "dlb-none" }, "Nothing yet.")];
    return items.map((item) => {
      const words = item.status === "labelled" ? className(item.label) : item.status;
      const open = (change) => () => {
        review = { clip: item.clip, id: item.id, words, change };
        update();
        focus();
      };
      const act = (title, change, face) =>
        h("button", { type: "button", "aria-label": title, onclick: open(change) }, face);
      return h(
        "li",
        {},
        act(`Listen again to ${item.id}, ${words}`, false, icon("play")),
        h("span", { class: "dlb-what" }, h("b", {}, words), h("span", { title: item.id }, item.id)),
        ...(recording() ? [] : [act(`Change ${item.id}, ${words}`, true, "Change")]),
      );
    });
  }

  function drawBack() {
    if (!review) return [];
    const words = review.change
      ? `Which class is it? So far: ${review.words}.`
      : `You are listening again. So far: ${review.words}.`;
    const change = () => {
      review = { ...review, change: true };
      update();
      focus();
    };
    return [
      h("p", {}, words),
      ...(review.change || recording() ? [] : [h("button", { type: "button", onclick: change }, "Change")]),
      h("button", { type: "button", onclick: leave }, cap("Esc"), "Back"),
    ];
  }

  function leave() {
    review = null;
    update();
    focus();
  }

  function toggleHelp(open = help.hidden) {
    help.hidden = !open;
    helpButton.setAttribute("aria-expanded", String(open));
  }

  function drawCounts({ labelled = 0, budget = 0, unsure: doubts = 0, skipped = 0, pace, left }) {
    const extra = [
      doubts && `${doubts} unsure`,
      skipped && `${skipped} skipped`,
      pace && `${span(pace)} each`,
      left && labelled < budget && `about ${span(left)} left`,
    ];
    return [
      h("b", {}, `${labelled} of ${budget} labeled`),
      ...extra.filter(Boolean).map((text) => h("span", {}, text)),
    ];
  }

  function showCurrent() {
    const clip = model.get("clip");
    const current = review ?? clip;
    const key = current && `${review ? "again" : "now"} ${current.clip}`;
    if ((shown?.key ?? null) === key) return;
    const first = shown === null;
    const known = current && sounds.get(current.clip);
    shownAt = performance.now();
    quietUntil = shownAt + SETTLE;
    // a page with a recording stays quiet until the reader sets it going
    shown = current ? { key, clip: current.clip, plays: !(first && recording()) } : { key: null };
    if (known) {
      sounds.delete(current.clip);
      sounds.set(current.clip, known);
    }
    if (current) panel.show(known ?? null);
    else panel.show(null, "No clip to decide on. You can still listen to your last labels and change them.");
    if (known && shown.plays) autoplay();
  }

  function update() {
    queued = false;
    if (closed) return;
    const progress = model.get("progress") ?? {};
    const wrong = model.get("problem") ?? "";
    const before = request;
    request = unheard();
    if ((model.get("heard") ?? 0) !== heard) {
      heard = model.get("heard") ?? 0;
      quietUntil = performance.now() + SETTLE;
      if (before && !wrong) {
        const next = model.get("clip");
        const to = next ? `${progress.labelled} of ${progress.budget}. Next: ${next.id}` : (progress.words ?? "");
        say(`${outcome(before)} ${to}`);
        review = null;
      } else if (wrong) say("");
      failed = wrong ? before?.do : "";
    }
    if (!request) silent = false;
    if (request?.n !== before?.n) {
      clearTimeout(silence);
      if (request && !recording()) {
        silence = setTimeout(() => {
          silent = true;
          update();
        }, SILENT);
      }
    }

    showCurrent(); // before all else: the next sound is what a person waits for
    const clip = model.get("clip");
    const keys = keysFor(list("classes").length);
    root.dataset.clip = clip?.clip ?? "";
    banner.hidden = !recording();
    redraw("banner", banner, recording(), () => [
      h("p", {}, h("b", {}, "A recording."), " These clips were labeled before. Listen; nothing is labeled here."),
    ]);
    words.textContent = progress.words ?? "";
    training.dataset.on = String(Boolean(progress.training));
    redraw("counts", counts, progress, () => drawCounts(progress));
    meter.replaceChildren(bar(progress.budget ? progress.labelled / progress.budget : 0));
    meter.setAttribute("aria-valuemax", String(progress.budget ?? 0));
    meter.setAttribute("aria-valuenow", String(Math.min(progress.labelled ?? 0, progress.budget ?? 0)));
    start.hidden = !progress.can_start || recording();
    notice.hidden = !model.get("notice");
    notice.textContent = model.get("notice") ?? "";
    const idle = wrong || progress.stage === "done" ? "" : "One moment …";
    question.textContent = review ? "An earlier clip" : clip ? "What do you hear?" : idle;
    file.textContent = (review ?? clip)?.id ?? "";
    file.title = file.textContent;
    back.hidden = !review;
    redraw("back", back, review, drawBack);
    redraw("classes", grid, [list("classes"), adding, recording()], () => drawClasses(keys));
    for (const button of grid.querySelectorAll("[data-class]")) {
      const label = Number(button.dataset.class);
      const count = String(progress.per_class?.[label] ?? 0);
      button.lastChild.textContent = count;
      const key = keys[label] ? `, key ${keys[label]}` : "";
      button.setAttribute("aria-label", `${className(label)}${key}, ${count} labeled`);
      button.classList.toggle("dlb-chosen", request?.do === "label" && request.label === label);
    }
    unsure.classList.toggle("dlb-chosen", request?.do === "unsure");
    skip.classList.toggle("dlb-chosen", request?.do === "skip");
    undo.classList.toggle("dlb-chosen", request?.do === "undo");
    const off = (button, is) => button.setAttribute("aria-disabled", String(Boolean(is)));
    const decidable = !recording() && (review ? review.change : clip);
    for (const button of [...grid.querySelectorAll("[data-class]"), unsure, skip]) off(button, !decidable);
    off(undo, recording() || review || !progress.undo);
    redraw("problem", problem, [wrong, silent, failed], () => complaints(wrong));
    const view = model.get("opinion");
    const fits = view && clip && view.clip === clip.clip;
    redraw("opinion", opinion, [fits && view, list("classes"), clip?.why], () =>
      drawOpinion(fits ? view : null, list("classes"), clip?.why),
    );
    redraw("history", history, [list("history"), list("classes"), recording()], () => drawHistory(list("history")));
    const growth = model.get("curve");
    curve.hidden = !growth;
    redraw("curve", curve, growth, () => (growth ? [h("h3", {}, "Learning curve"), ...drawCurve(growth)] : []));
    redraw("help", help, keys, () => drawHelp(keys));
    const fresh = quietUntil - performance.now();
    const open = !(review ?? clip) ? "none" : fresh > 0 ? "fresh" : "ready";
    root.dataset.state = request && !recording() ? "waiting" : open;
    clearTimeout(settled);
    if (fresh > 0) settled = setTimeout(update, fresh + 1);
  }

  function complaints(wrong) {
    if (silent) {
      return [
        h("b", {}, "The kernel does not answer."),
        h(
          "p",
          {},
          "What you chose last is not saved yet; everything before it is. The kernel may be busy with another cell: ",
          "then this goes on by itself. If it has stopped, restart it and run the labeler's cell again, and you go on ",
          "at this clip.",
        ),
      ];
    }
    const title = ["class", "start"].includes(failed) ? "That did not work." : "Not saved.";
    return [...(wrong && failed ? [h("b", {}, title)] : []), ...(wrong ? [h("p", {}, wrong)] : [])];
  }

  const soon = () => {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      update();
      clearTimeout(look);
      if (!closed) look = setTimeout(askForSounds, ASK);
    });
  };

  // --------------------------------------------------------------------------------------------------------- hands

  function escape() {
    if (adding) adding = false;
    else if (!help.hidden) return toggleHelp(false), true;
    else if (review) return leave(), true;
    else if (panel.playing()) return panel.stop(), true;
    else return false;
    update();
    focus();
    return true;
  }

  /** Act on a key; false where it means nothing here. */
  function act(key, event) {
    const label = keysFor(list("classes").length).indexOf(key);
    if (label >= 0) decide({ do: "label", label }, event);
    else if (key === "u") decide({ do: "unsure" }, event);
    else if (key === "s") decide({ do: "skip" }, event);
    else if (key === "Backspace") takeBack(event);
    else if (key === "?") toggleHelp();
    else if (key === " ") panel.play(0);
    else if (key === "ArrowLeft" || key === "ArrowRight") panel.move(key === "ArrowLeft" ? -STEP : STEP);
    else if (key === "Home") panel.seek(0);
    else if (key === "Escape") return escape();
    else return false;
    return true;
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (target.matches("input[type=text]") && event.key !== "Escape") return event.stopPropagation();
    const key = meaning(event);
    const presses = target.closest("button, summary") && (key === " " || key === "Enter");
    const slides = target.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(key);
    if (key.length === 1) event.stopPropagation(); // a letter that means nothing here may cut a cell elsewhere
    if (slides || (presses && !event.repeat)) return;
    // a held key moves in the sound, and decides nothing more than once
    if (event.repeat && !key.startsWith("Arrow")) {
      const ours = keysFor(list("classes").length).includes(key) || /^([us? ]|Backspace)$/.test(key);
      if (presses || ours) event.preventDefault();
      return;
    }
    if (act(key, event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  root.addEventListener("mousedown", (event) => {
    // pressed by hand, a button does not take the focus: Space is to play the next clip, not to press it again
    if (!event.target.closest("button, summary")) return;
    event.preventDefault();
    focus();
  });

  const events = ["classes", "clip", "ahead", "progress", "history", "opinion", "curve", "problem", "notice"];
  events.push("recording", "heard", "said");
  for (const name of events) model.on(`change:${name}`, soon);
  model.on("msg:custom", onSound);
  el.append(root);
  update();
  askForSounds();

  return () => {
    closed = true;
    for (const name of events) model.off(`change:${name}`, soon);
    model.off("msg:custom", onSound);
    for (const timer of [silence, settled, look]) clearTimeout(timer);
    panel.close();
    for (const clip of [...sounds.keys()]) forget(clip);
    root.remove();
  };
}

export default { render };
