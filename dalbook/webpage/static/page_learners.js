// The learners, seen from the page: they are told of each label, and what they have said last is kept here.

import { embeddings, herdingSpace } from "./page_data.js";

export class Learners {
  /**
   * @param {(hear: (message: object) => void) => {postMessage: Function}} open opens the room they learn in
   * @param {object} data of the page
   * @param {(told: string, message: object) => void} news called after each message: "opinion", "score", "idle" or
   *   "problem"
   */
  constructor(open, data, news) {
    Object.assign(this, { game: 0, news });
    this.port = open((message) => message.game === this.game && this.#hear(message));
    const { truth, classes } = data;
    const where = herdingSpace(data);
    this.port.postMessage({ do: "open", ...embeddings(data), classes: classes.length, truth, where });
    this.reset(null);
  }

  /** Nothing is known of a session but its curves, if those. */
  reset(curve) {
    this.opinion = null; // what your model says: see page_opinion.js
    this.picks = []; // what your model would ask, the best first
    this.busy = false;
    this.curve = curve ?? { mine: [], random: [] };
    this.begun = null; // from where they learn
    this.told = 0; // of the session's changes
    this.followed = 0; // labels that random picking is on its way to
  }

  /** Tell them what is new in a session; `state` is that of learners that have learned from it before. */
  tell({ begun, changes, labels }, { who, config, seed, target }, state = null) {
    if (!begun) return;
    if (this.begun !== begun) {
      this.begun = begun;
      if (!state) this.curve = { mine: [], random: [] };
      this.#ask({ do: "begin", game: this.game, who, ...begun, changes, config, seed, state });
      this.told = changes.length;
    }
    for (const change of changes.slice(this.told)) this.#ask({ do: "learn", ...change });
    this.told = changes.length;
    const to = Math.max(target, labels.size); // random picking keeps pace with the reader
    if (to > this.followed) this.port.postMessage({ do: "follow", to });
    this.followed = Math.max(this.followed, to);
  }

  configure(config) {
    this.#ask({ do: "configure", config });
  }

  /** Forget all; what is still on its way is not heard. */
  close() {
    this.port.postMessage({ do: "close" });
    this.game += 1;
  }

  #ask(message) {
    this.busy = true;
    this.port.postMessage(message);
  }

  #hear(message) {
    if (message.told === "opinion") this.#opinion(message);
    else if (message.told === "score") this.#score(message);
    else if (message.told === "problem") this.busy = false;
    this.news(message.told, message);
  }

  #opinion({ of, pseudo, places, round, picks }) {
    this.opinion = { of, pseudo, places, round };
    this.picks = picks;
  }

  #score({ runs, labels, recall }) {
    if (runs.includes(-1)) this.busy = false;
    for (const run of runs) {
      const points = run < 0 ? this.curve.mine : (this.curve.random[run] ??= []);
      while (points.length && points.at(-1)[0] >= labels) points.pop(); // made again, or taken back
      if (labels) points.push([labels, recall]);
    }
  }
}
