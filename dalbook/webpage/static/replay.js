// A recorded session behind the labeler's user interface: the same six methods, and what a session once said.
// dalbook/webpage/replay.py puts this and what it imports into one script.

import { render } from "../../labeling/static/labeler.js";
import { Sounds } from "./page_sounds.js";

const PRESS = 800; // ms that a button stays pressed before the next clip comes

class Recorded {
  constructor({ classes, steps, sounds, base }) {
    this.sounds = new Sounds(sounds, base);
    this.steps = steps;
    this.listeners = {};
    this.states = [];
    for (const { traits } of steps) this.states.push({ ...this.states.at(-1), ...traits });
    this.state = { classes, recording: true, heard: 0, said: [], ...this.states[0] };
    this.at = 0;
  }

  get(name) {
    const value = this.state[name];
    return name === "ahead" ? (value ?? []).filter(({ clip }) => this.sounds.has(clip)) : value;
  }

  on(name, listener) {
    (this.listeners[name] ??= new Set()).add(listener);
  }

  off(name, listener) {
    this.listeners[name]?.delete(listener);
  }

  set() {} // nothing is decided here
  save_changes() {}

  async send({ sound: clip }) {
    this.tell("msg:custom", ...(await this.sounds.message(clip)));
  }

  tell(name, ...news) {
    for (const listener of this.listeners[name] ?? []) listener(...news);
  }

  change(some) {
    Object.assign(this.state, some);
    for (const name of Object.keys(some)) this.tell(`change:${name}`);
  }

  /** Show the session as it was after a step. */
  show(at) {
    this.at = at;
    this.change({ ...this.states[at], heard: at, said: [] });
  }

  /** Show which button is pressed next, if any; whether there is one. */
  press() {
    const { said } = this.steps[this.at + 1];
    if (said) this.change({ said: [{ n: this.at + 1, ...said }] });
    return Boolean(said);
  }
}

export function replay(el, recording) {
  const model = new Recorded(recording);
  const last = model.steps.length - 1;
  let timer = 0;
  let playing = false;

  render({ model, el });
  const button = (words, act) => {
    const node = document.createElement("button");
    node.type = "button";
    node.textContent = words;
    node.addEventListener("click", act);
    return node;
  };
  const play = button("", () => (playing ? pause() : start()));
  const back = button("Back", () => (pause(), go(model.at - 1, -1)));
  const on = button("Next", () => {
    const pressed = model.state.said.length > 0; // pressed again meanwhile: what was to come comes at once
    pause();
    if (pressed) go(model.at + 1);
    else next();
  });
  const place = document.createElement("span");
  const bar = document.createElement("div");
  bar.className = "dlb-tape";
  bar.append(play, back, on, place);
  for (const [words, url] of Object.entries(recording.live ?? {})) {
    const link = document.createElement("a");
    link.href = url;
    link.textContent = words;
    bar.append(link);
  }
  el.querySelector(".dlb-banner").append(bar);

  /** To a step; backwards past those that are the model's own, which come along with the decision before. */
  function go(at, way) {
    clearTimeout(timer);
    while (at > 0 && at < last && way < 0 && !model.steps[at].said) at--;
    model.show(Math.max(0, at));
    draw();
  }

  function next() {
    if (model.at >= last || model.state.said.length) return;
    const pressed = model.press();
    timer = setTimeout(
      () => {
        go(model.at + 1);
        if (!pressed && !playing && model.at < last) next();
        if (playing) wait();
      },
      pressed ? PRESS : 0,
    );
    draw();
  }

  function wait() {
    if (model.at >= last) return pause();
    timer = setTimeout(next, 1000 * model.steps[model.at + 1].at);
  }

  function start() {
    playing = true;
    const from = model.at >= last ? 0 : model.at;
    // shown anew, so that its sound plays: a page makes none before it is asked to
    model.change({ clip: null });
    setTimeout(() => {
      go(from);
      if (playing) wait();
    });
    draw();
  }

  function pause() {
    playing = false;
    clearTimeout(timer);
    if (model.state.said.length) model.show(model.at); // let go of the button that was just pressed
    draw();
  }

  function draw() {
    play.textContent = playing ? "Pause the recording" : model.at >= last ? "Play it again" : "Play the recording";
    back.setAttribute("aria-disabled", String(model.at === 0));
    on.setAttribute("aria-disabled", String(model.at >= last));
    const decisions = (steps) => steps.filter(({ said }) => said).length;
    place.textContent = `${decisions(model.steps.slice(0, model.at + 1))} of ${decisions(model.steps)}`;
  }

  // who listens or looks for themselves is not moved on
  for (const kind of ["pointerdown", "keydown"]) {
    el.addEventListener(kind, (event) => {
      if (playing && !event.target.closest(".dlb-tape, .dlb-controls") && event.key !== "Tab") pause();
    });
  }
  draw();
}
