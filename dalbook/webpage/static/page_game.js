// Behind the labeler's user interface in the kernel's place: the same six methods and the same traits. Requests are
// answered at once, from the clips already picked; the learners train in a worker, and what they say comes later.

import { csv, Refused, Session } from "./page_session.js";
import { Store } from "./page_store.js";

const HISTORY = 50; // decisions to look back at
const GOAL = 20; // labels; the bar's end moves on by as many
const START = {
  clip: null, ahead: [], progress: {}, history: [], opinion: null, curve: null,
  problem: "", notice: "", heard: 0, said: [],
};
const TRAITS = ["clip", "ahead", "progress", "history", "problem", "heard", "said"]; // those that change
const CHANGEABLE = ["threshold", "alpha", "masks"]; // parameters with a slider

export class PageGame {
  #listeners = {};

  /**
   * @param {object} data of the page, see dalbook/webpage/data.py
   * @param {Sounds} sounds
   * @param {(heard: (message: object) => void) => {postMessage: Function}} learners opens the learners' room
   */
  constructor(data, sounds, learners) {
    Object.assign(this, { data, sounds, notices: new Set(), game: 0 });
    // no sound before the reader asks for one: what the labeler shows first, it takes for a recording
    const classes = data.classes.map((name) => name.replaceAll("_", " "));
    this.state = { ...START, classes, recording: true };
    this.store = new Store(data.version, (words) => this.notify(words));
    this.learners = learners((message) => this.#hear(message));
    this.learners.postMessage({ do: "open", ...embeddings(data), classes: data.classes.length, truth: data.truth });
    this.#open(this.store.read());
  }

  // ------------------------------------------------------------------------------------------- for the labeler

  get(name) {
    return this.state[name];
  }

  on(name, listener) {
    (this.#listeners[name] ??= new Set()).add(listener);
  }

  off(name, listener) {
    this.#listeners[name]?.delete(listener);
  }

  set(name, value) {
    this.state[name] = value;
  }

  /** Answers come after all else that the labeler does now, as from a kernel, only sooner. */
  save_changes() {
    queueMicrotask(() => this.#act());
  }

  #act() {
    for (const request of this.state.said) {
      if (request.n <= this.state.heard) continue;
      this.state.problem = "";
      this.#carefully(() => this.session.act(request));
      this.state.heard = request.n;
    }
    this.#refresh();
  }

  async send({ sound: clip }) {
    this.#tell("msg:custom", ...(await this.sounds.message(clip)));
  }

  /** The labeler is on the page: from now on a clip plays as it comes. */
  ready() {
    this.state.recording = false;
    this.#tell("change:recording");
  }

  // ---------------------------------------------------------------------------------------------- for the panel

  /** Let the truth label the most typical clip of each class that has no label, and start learning. */
  begin() {
    const has = new Set(this.session.labels.values());
    for (const pick of this.session.typical) {
      const label = this.data.truth[pick.clip];
      if (has.has(label) || this.session.standing.has(pick.clip)) continue;
      has.add(label);
      this.session.answer(pick, label);
    }
    if (!this.session.begun) this.session.start();
    this.session.wait();
    this.#refresh();
  }

  /** Let the truth answer the model's next questions, all but the one on screen. */
  oracle(count) {
    this.owed = Math.min(count, this.data.pool - this.session.standing.size - 1);
    this.renew = true;
    this.#answer();
  }

  /** Let random picking come so many labels further than it is on its way to. */
  random(count) {
    this.target = this.followed + count;
    this.#refresh();
  }

  configure(changes) {
    Object.assign(this.config, changes);
    this.#ask({ do: "configure", config: pick(this.config, CHANGEABLE) });
    this.#refresh();
  }

  startOver() {
    this.store.clear();
    this.notices.clear();
    this.state.problem = this.state.notice = "";
    this.learners.postMessage({ do: "close" });
    this.game += 1;
    this.#open({ decisions: null, model: null }, this.seed + 1);
    this.#tell("change:notice");
  }

  csv() {
    return csv(this.session);
  }

  notify(words) {
    this.notices.add(words);
    this.state.notice = [...this.notices].join(" ");
    this.#tell("change:notice");
  }

  // ------------------------------------------------------------------------------------------------- the session

  #open({ decisions, model }, seed = 0) {
    const { ids, classes, order, scores, why, picked_by } = this.data;
    const typical = order.map((clip, i) => ({ clip, picked_by: picked_by[i], score: scores[i], why: why[i] }));
    const fresh = { rows: [], begun: null, shown: null, back: [], curve: null, target: 0, seed, config: {} };
    const kept = decisions ?? fresh;
    this.session = new Session(ids, classes, typical);
    try {
      this.session.open(kept);
    } catch {
      this.notify("What this browser had kept of your last visit is damaged, so you start anew.");
      return this.#open({ decisions: null, model: null });
    }
    Object.assign(this, { told: 0, owed: 0, opinion: null, busy: false, starting: null, followed: 0, renew: false });
    this.seed = kept.seed;
    this.target = kept.target;
    this.config = { ...this.data.config, ...kept.config };
    this.curve = kept.curve ?? { mine: [], random: [] };
    this.#refresh(model);
  }

  /** Tell the learners what is new, show what is, and keep it. */
  #refresh(model = null) {
    const { begun, changes } = this.session;
    if (begun && this.starting !== begun) {
      this.starting = begun;
      if (!model) this.curve = { mine: [], random: [] };
      const { game, config, seed } = this;
      this.#ask({ do: "begin", game, ...begun, changes, config, seed, state: model });
      this.told = changes.length;
    }
    for (const change of changes.slice(this.told)) this.#ask({ do: "learn", ...change });
    this.told = changes.length;
    if (begun) this.#follow();
    this.#show();
    this.#keep();
  }

  #keep() {
    const { session, curve, target, seed } = this;
    this.store.keepDecisions({ ...session.kept(), config: pick(this.config, CHANGEABLE), curve, target, seed });
  }

  #ask(message) {
    this.busy = true;
    this.learners.postMessage(message);
  }

  /** Random picking keeps pace with the reader. */
  #follow() {
    const to = Math.max(this.target, this.session.labels.size);
    if (to > this.followed) this.learners.postMessage({ do: "follow", to });
    this.followed = Math.max(this.followed, to);
  }

  #hear(message) {
    if (message.game !== this.game) return;
    this[`_${message.told}`](message);
    this.#show(message.told === "opinion" ? TRAITS : ["progress"]);
  }

  _opinion({ clips, votes, scores, pseudo, places, masks, round }) {
    const C = this.data.classes.length;
    const order = [...clips.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
    const of = new Map(
      order.map((row, rank) => {
        const own = votes.slice(row * C, (row + 1) * C);
        return [clips[row], { votes: [...own], entropy: scores[row], rank: rank + 1, of: order.length, masks }];
      }),
    );
    this.opinion = { of, pseudo: new Map(pseudo), places, round };
    this.session.round = round;
    this.session.suggestions = order.map((row, rank) => {
      const words = `vote entropy ${scores[row].toFixed(2)}, rank ${rank + 1} of ${order.length}`;
      const why = `the model is unsure about it: ${words}`;
      return { clip: clips[row], picked_by: "vote_entropy", score: scores[row], why };
    });
    if (this.renew && !this.owed) this.session.wait(); // what was on screen is not what the model would ask by now
    this.renew = this.owed > 0;
    if (!this.session.shown) this.session.advance();
    this.#answer();
  }

  _score({ runs, labels, recall }) {
    if (runs.includes(-1)) this.busy = false;
    for (const run of runs) {
      const points = run < 0 ? this.curve.mine : (this.curve.random[run] ??= []);
      while (points.length && points.at(-1)[0] >= labels) points.pop(); // made again, or taken back
      points.push([labels, recall]);
    }
  }

  _idle({ state }) {
    this.store.keepModel(state);
    this.#keep();
  }

  _problem({ words }) {
    this.busy = false;
    this.notify(`The model could not be trained (${words}); labels are taken as before.`);
  }

  /** One of the oracle's answers; the next follows when the model has learned from it. */
  #answer() {
    if (!this.owed || !this.opinion || this.told < this.session.changes.length) return;
    const next = this.session.next;
    this.owed = next ? this.owed - 1 : 0;
    if (!next) return;
    this.session.answer(next, this.data.truth[next.clip]);
    this.#refresh();
  }

  #carefully(act) {
    try {
      act();
    } catch (error) {
      this.state.problem = error instanceof Refused ? error.message : `Something went wrong (${error.message})`;
    }
  }

  // ------------------------------------------------------------------------------------------- what there is to see

  #show(changed = TRAITS) {
    const { session, data } = this;
    const named = (some) => some && { ...some, id: data.ids[some.clip] };
    Object.assign(this.state, {
      clip: named(session.shown),
      ahead: session.ahead.map(named),
      progress: this.#progress(),
      history: [...session.standing]
        .reverse()
        .slice(0, HISTORY)
        .map(([clip, row]) => ({ clip, id: data.ids[clip], label: row.label, status: row.status })),
    });
    for (const name of changed) this.#tell(`change:${name}`);
    this.#tell("change:inside");
  }

  #progress() {
    const { session, data } = this;
    const labels = [...session.labels.values()];
    const of = (status) => [...session.standing.values()].filter((row) => row.status === status).length;
    const labeled = labels.length;
    const budget = Math.min(data.pool, GOAL * (Math.floor(labeled / GOAL) + 1));
    return {
      labeled,
      unsure: of("unsure"),
      skipped: of("skipped"),
      budget,
      total: data.pool,
      per_class: data.classes.map((_, c) => labels.filter((label) => label === c).length),
      training: this.busy && Boolean(session.begun),
      can_start: session.canStart,
      undo: session.canUndo,
      stage: session.begun ? (session.shown || !this.opinion ? "learning" : "done") : "medoids",
      words: this.#words(labels),
    };
  }

  #words(labels) {
    const { session, data, opinion } = this;
    if (!session.begun && session.shown) {
      const has = new Set(labels).size;
      return `Typical clips first. ${has} of ${data.classes.length} classes have a label; with all, learning starts.`;
    }
    if (!opinion) return "The model learns from the labels so far …";
    if (!session.shown) return "Done: no clip is left.";
    return "The model asks for the clip that it is least sure about.";
  }

  #tell(name, ...news) {
    for (const listener of this.#listeners[name] ?? []) listener(...news);
  }
}

const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));

/** The embeddings of all clips, from float16 in base64. */
function embeddings({ x, dimensions, pool }) {
  const bytes = Uint8Array.from(atob(x), (letter) => letter.charCodeAt(0));
  const halves = new Uint16Array(bytes.buffer);
  const wide = Float32Array.from(halves, (half) => {
    const [sign, exponent, part] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + part) : 2 ** -24 * part);
  });
  return { x: wide, d: dimensions, pool };
}
