// The map of the clips: those that sound alike lie side by side. What a clip is can be seen without its color: labeled
// ones are filled and bear the key of their class, guessed ones are hollow, the others are dots, the one on screen is
// ringed. A click plays a clip, and so does the list below.

import { h, s } from "../../labeling/static/labeler_parts.js";

const SIZE = 360; // of the drawing, in its own units
const EDGE = 14;
const KEYS = "1234567890";

const place = (share) => EDGE + share * (SIZE - 2 * EDGE);

export class ClipMap {
  /**
   * @param {PageGame} game
   * @param {string[]} colors of the classes
   * @param {(clip: number) => void} listen plays a clip
   */
  constructor(game, colors, listen) {
    Object.assign(this, { game, colors, seen: [], marks: [] });
    this.drawing = s("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", class: "dlb-map" });
    this.words = h("p", { class: "dlb-small", role: "status" });
    const options = game.data.ids.map((_, clip) => h("option", { value: clip }));
    this.choice = h("select", { "aria-label": "A clip of the map" }, ...options);
    const play = h("button", { type: "button" }, "Listen");
    play.addEventListener("click", () => this.#play(Number(this.choice.value), listen));
    this.drawing.addEventListener("click", (event) => this.#play(this.#nearest(event), listen));
    const listening = h("div", { class: "dlb-listen" }, this.choice, play);
    this.node = h("div", {}, this.drawing, this.#legend(), listening, this.words);
  }

  draw() {
    const { session, opinion } = this.game;
    const seen = [opinion, session, session.rows.length, session.shown?.clip];
    if (seen.every((one, i) => one === this.seen[i])) return;
    this.seen = seen;
    this.kinds = this.#kinds();
    const { kinds } = this;
    const shown = session.shown?.clip ?? -1;
    const order = { plain: 0, guessed: 1, labeled: 2 };
    const clips = [...kinds.keys()].sort((a, b) => order[kinds[a].kind] - order[kinds[b].kind]);
    const marks = clips.map((clip) => this.#kept(clip, kinds[clip]));
    this.drawing.replaceChildren(...marks, ...(shown < 0 ? [] : [this.#ring(shown)]));
    const count = (kind) => kinds.filter((one) => one.kind === kind).length;
    const guesses = opinion ? `, ${count("guessed")} guessed by the model` : "";
    const words = `${count("labeled")} of ${kinds.length} clips labeled${guesses}; the clip on screen is ringed.`;
    this.drawing.setAttribute("aria-label", `Map of the clips: ${words}`);
    for (const option of this.choice.options) {
      const words = this.#described(Number(option.value));
      if (option.textContent !== words) option.textContent = words;
    }
  }

  /** What each clip is to be drawn as, and its class. */
  #kinds() {
    const { session, opinion, data } = this.game;
    const { labels } = session;
    return data.ids.map((_, clip) => {
      if (labels.has(clip)) return { kind: "labeled", label: labels.get(clip) };
      const label = opinion?.pseudo.get(clip);
      return label === undefined ? { kind: "plain" } : { kind: "guessed", label };
    });
  }

  #at(clip) {
    const [x, y] = this.game.data.xy[clip];
    return [place(x), place(1 - y)];
  }

  /** A clip's mark, drawn anew only where it has changed. */
  #kept(clip, { kind, label }) {
    const key = `${kind} ${label}`;
    if (this.marks[clip]?.key !== key) this.marks[clip] = { key, node: this.#mark(clip, { kind, label }) };
    return this.marks[clip].node;
  }

  #mark(clip, { kind, label }) {
    const [cx, cy] = this.#at(clip);
    if (kind === "plain") return s("circle", { cx, cy, r: 3, class: "dlb-plain" });
    const color = this.colors[label];
    const look = kind === "labeled" ? { r: 8, fill: color } : { r: 6, stroke: color };
    const key = s("text", { x: cx, y: cy + (kind === "labeled" ? 3.6 : 3) }, KEYS[label]);
    return s("g", { class: `dlb-${kind}` }, s("circle", { cx, cy, ...look }), key);
  }

  #ring(clip) {
    const [cx, cy] = this.#at(clip);
    const cross = [[-17, 0, -11, 0], [11, 0, 17, 0], [0, -17, 0, -11], [0, 11, 0, 17]];
    return s("g", { class: "dlb-ring" }, s("circle", { cx, cy, r: 11 }),
      ...cross.map(([x1, y1, x2, y2]) => s("line", { x1: cx + x1, y1: cy + y1, x2: cx + x2, y2: cy + y2 })));
  }

  #nearest(event) {
    const box = this.drawing.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((at) => (at * SIZE) / box.width);
    const far = (clip) => Math.hypot(this.#at(clip)[0] - x, this.#at(clip)[1] - y);
    return this.game.data.ids.map((_, clip) => clip).reduce((best, clip) => (far(clip) < far(best) ? clip : best));
  }

  #play(clip, listen) {
    this.words.textContent = `Playing ${this.#described(clip)}.`;
    this.choice.value = String(clip);
    listen(clip);
  }

  #described(clip) {
    const { kind, label } = this.kinds[clip];
    const name = this.game.get("classes")[label];
    const what = { plain: "no label", guessed: `guessed: ${name}`, labeled: name };
    return `Clip ${clip + 1} (${what[kind]})`; // its name would give the class away
  }

  #legend() {
    const box = { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" };
    const svg = (...marks) => s("svg", box, ...marks);
    const disc = s("g", { class: "dlb-labeled" }, s("circle", { cx: 10, cy: 10, r: 8, fill: this.colors[0] }),
      s("text", { x: 10, y: 13.6 }, "1"));
    const hollow = s("g", { class: "dlb-guessed" }, s("circle", { cx: 10, cy: 10, r: 6, stroke: this.colors[0] }),
      s("text", { x: 10, y: 13 }, "1"));
    const ring = s("g", { class: "dlb-ring" }, s("circle", { cx: 10, cy: 10, r: 8 }));
    const dot = s("circle", { cx: 10, cy: 10, r: 3, class: "dlb-plain" });
    return h("p", { class: "dlb-small dlb-legend" },
      h("span", {}, svg(disc), "labeled, with its class's key"), h("span", {}, svg(hollow), "guessed by the model"),
      h("span", {}, svg(dot), "no label"), h("span", {}, svg(ring), "on screen"));
  }
}
