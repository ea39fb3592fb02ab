// The learners behind the page, in a thread of their own: yours, and random picking with the truth's answers, which
// starts from the same model. Messages come in order; random picking goes on while there is nothing else to do.

import { clipSpace, HerdingLearner } from "./herding.js";
import { DropoutLearner } from "./learner.js";
import { opinionOf } from "./page_opinion.js";

const RUNS = 3; // of random picking, averaged

class Room {
  #jobs = [];
  #running = false;

  constructor(port) {
    this.port = port;
    port.onmessage = ({ data }) => {
      this.#jobs.push(data);
      if (!this.#running) this.#run();
    };
  }

  /** One thing after the other, and messages are heard between them. */
  #run() {
    this.#running = true;
    const job = this.#jobs.shift();
    try {
      if (job) this[job.do](job);
      else if (!this.#aside()) {
        this.#running = false;
        if (this.yours) this.#say("idle", { state: this.#state() });
        return;
      }
    } catch (error) {
      this.#say("problem", { words: error.message });
    }
    setTimeout(() => this.#run());
  }

  #say(told, some) {
    this.port.postMessage({ told, game: this.game, ...some });
  }

  /** The clips: rows of x, those to label first, and where they lie for the herding learner. */
  open({ x, d, classes, pool, truth, where }) {
    Object.assign(this, { x, d, classes, truth, where });
    this.pool = Array.from({ length: pool }, (_, clip) => clip);
    this.held = Int32Array.from({ length: truth.length - pool }, (_, i) => pool + i);
  }

  /** Learn from these labels and what changed since, or go on from the state of a learner that did. */
  begin({ game, who, labels, changes, config, seed, rows, state }) {
    this.game = game; // what is said of another one is not meant for this
    const learner = (some) => (who === "dal" ? this.#dal(labels, config, some) : this.#herding(labels, some));
    const random = (_, run) => learner({ acquisition: "random", seed: RUNS * seed + run + 1 });
    this.yours = learner({ seed });
    this.random = Array.from({ length: RUNS }, random);
    this.unscored = new Set();
    this.target = 0;
    this.before = null;
    const anew = !this.#resume(state);
    if (anew) {
      this.rows = rows;
      const started = this.yours.state();
      for (const one of this.random) one.restore({ ...started, builtWith: one.builtWith });
    }
    this.#opine();
    if (anew) this.#score(this.yours, [-1, ...this.random.keys()]);
    const later = changes.filter((change) => change.rows > this.rows);
    this.#jobs.unshift(...later.map((change) => ({ do: "learn", ...change })));
  }

  #resume(state) {
    try {
      this.yours.restore(state.yours);
      this.random.forEach((one, run) => one.restore(state.random[run]));
      this.rows = state.rows;
      return true;
    } catch {
      return false; // nothing was kept, or it is another learner's
    }
  }

  /** Take a label (null: take it back) and learn from it. */
  learn({ clip, label, rows }) {
    this.before = null;
    if (this.yours.labels.has(clip)) this.yours.forget(clip);
    if (label !== null) {
      this.before = { state: this.yours.state(), clip, label };
      this.yours.tell(clip, label);
    }
    this.rows = rows;
    this.#opine();
    this.#score(this.yours);
  }

  /** Θ, α and |D| act at once: the last training step is made again with them. */
  configure({ config }) {
    if (this.#jobs.some((job) => job.do === "configure")) return; // the slider has moved on already
    const { threshold, alpha } = this.yours.config;
    for (const one of [this.yours, ...this.random]) one.configure(config);
    const trains = config.threshold !== threshold || config.alpha !== alpha;
    if (trains && this.before) {
      this.yours.restore(this.before.state);
      this.yours.configure(config);
      this.yours.tell(this.before.clip, this.before.label);
    }
    this.#opine();
    this.unscored.add(this.yours);
  }

  /** The reader starts over. */
  close() {
    this.yours = null;
  }

  /** Let random picking come as far as this. */
  follow({ to }) {
    this.target = Math.max(this.target, Math.min(to, this.pool.length));
  }

  #dal(initial, config, some) {
    const { x, d, classes, pool } = this;
    return new DropoutLearner({ x, d, classes, pool, initial, config, ...some });
  }

  #herding(initial, some) {
    this.space ??= clipSpace(this.where);
    return new HerdingLearner({ space: this.space, classes: this.classes, initial, ...some });
  }

  /** A little of what nobody waits for; false where there is nothing left of it. */
  #aside() {
    if (!this.yours) return false;
    const [late] = this.unscored;
    if (late) {
      this.unscored.delete(late);
      this.#score(late);
      return true;
    }
    const behind = this.random.reduce((least, one) => (one.labels.size < least.labels.size ? one : least));
    if (behind.labels.size >= this.target) return false;
    const clip = behind.ask();
    behind.tell(clip, this.truth[clip]);
    this.unscored.add(behind);
    return true;
  }

  /** Of a learner, for the curves of these runs of random picking; -1 is yours. */
  #score(learner, runs = [this.random.indexOf(learner)]) {
    this.unscored.delete(learner);
    const truth = Array.from(this.held, (row) => this.truth[row]);
    this.#say("score", { runs, labels: learner.labels.size, recall: learner.macroRecall(this.held, truth) });
  }

  /** What yours says of every clip without a label. */
  #opine() {
    this.#say("opinion", opinionOf(this.yours));
  }

  #state() {
    return { yours: this.yours.state(), random: this.random.map((one) => one.state()), rows: this.rows };
  }
}

new Room(self);
