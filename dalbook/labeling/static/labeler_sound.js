// The sound on screen: its picture with a moving cursor, and the one <audio> element with its controls.

import { cap, h, icon, s } from "./labeler_parts.js";
import { hertz, outline, paint, ticks } from "./labeler_picture.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const STORE = "dalbook-labeler";

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

/** Waveform, spectrogram and the one <audio> element with its controls. */
export function soundPanel() {
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
