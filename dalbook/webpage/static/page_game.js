// Behind the labeler's user interface in the kernel's place: the same six methods and the same traits. Requests are
// answered at once, from the clips already picked; the learners train in a worker, and what they say comes later.

import { pick, typicalPicks } from "./page_data.js";
import { Learners } from "./page_learners.js";
import { csv, Refused, Session } from "./page_session.js";
import { Store } from "./page_store.js";
import { sessionTraits } from "./page_view.js";

const START = {
  clip: null, ahead: [], progress: {}, history: [], opinion: null, curve: null,
  problem: "", notice: "", heard: 0, said: [],
};
const TRAITS = ["clip", "ahead", "progress", "history", "problem", "heard", "said"]; // those that change
const CHANGEABLE = ["threshold", "alpha", "masks"]; // parameters with a slider
const FROM_NOTHING = ["herding"]; // learners that ask before there is any label
const EACH = 1; // label of each class, and learning starts

export class PageGame {
  #listeners = {};

  /**
   * @param {object} data of the page, see dalbook/webpage/data.py
   * @param {Sounds} sounds
   * @param {(heard: (message: object) => void) => {postMessage: Function}} open opens the learners' room
   */
  constructor(data, sounds, open) {
    Object.assign(this, { data, sounds, notices: new Set() });
    // no sound before the reader asks for one: what the labeler shows first, it takes for a recording
    const classes = data.classes.map((name) => name.replaceAll("_", " "));
    this.state = { ...START, classes, recording: true };
    this.store = new Store(data.version, (words) => this.notify(words));
    this.learners = new Learners(open, data, (told, message) => this.#heard(told, message));
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

  async send({ sound: clip }) {
    this.#tell("msg:custom", ...(await this.sounds.message(clip)));
  }

  /** The labeler is on the page: after its first clip, clips play as they come. */
  ready() {
    this.placed = true;
    this.#quietUntilNow();
  }

  #quietUntilNow() {
    const { recording, clip, progress } = this.state;
    if (!this.placed || !recording || !(clip || progress.stage === "done")) return;
    this.state.recording = false;
    this.#tell("change:recording");
  }

  // ---------------------------------------------------------------------------------------------- for the panel

  get opinion() {
    return this.learners.opinion;
  }

  get curve() {
    return this.learners.curve;
  }

  /** Let the truth label the most typical clip of each class that has no label, and start learning. */
  begin() {
    const has = new Set(this.session.labels.values());
    for (const one of this.session.typical) {
      const label = this.data.truth[one.clip];
      if (has.has(label) || this.session.standing.has(one.clip)) continue;
      has.add(label);
      this.session.answer(one, label);
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
    this.target = this.learners.followed + count;
    this.#refresh();
  }

  /** Let another learner ask: it learns from all labels there are, and its curve begins there. */
  choose(who) {
    if (who === this.who) return;
    Object.assign(this, { who, owed: 0, renew: false });
    this.learners.close();
    this.learners.reset(null);
    this.session.again(FROM_NOTHING.includes(who));
    this.#refresh();
  }

  configure(changes) {
    Object.assign(this.config, changes);
    this.learners.configure(pick(this.config, CHANGEABLE));
    this.#refresh();
  }

  startOver() {
    this.store.clear();
    this.notices.clear();
    this.state.problem = this.state.notice = "";
    this.learners.close();
    this.#open({ decisions: null, model: null }, { seed: this.seed + 1, who: this.who });
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

  #open({ decisions, model }, { seed = 0, who = FROM_NOTHING[0] } = {}) {
    const fresh = { rows: [], begun: null, shown: null, back: [], curve: null, target: 0, seed, who, config: {} };
    const kept = decisions ?? fresh;
    this.session = new Session(this.data.ids, this.data.classes, typicalPicks(this.data), { each: EACH });
    try {
      this.session.open(kept);
    } catch {
      this.notify("What this browser had kept of your last visit is damaged, so you start anew.");
      return this.#open({ decisions: null, model: null });
    }
    Object.assign(this, { owed: 0, renew: false, ...pick(kept, ["seed", "target", "who"]) });
    if (!this.session.begun && FROM_NOTHING.includes(this.who)) this.session.again(true);
    else if (this.session.begun && !kept.shown) this.session.wait();
    this.config = { ...this.data.config, ...kept.config };
    this.learners.reset(kept.curve);
    this.#refresh(model);
  }

  #act() {
    for (const request of this.state.said) {
      if (request.n <= this.state.heard) continue;
      this.state.problem = "";
      try {
        this.session.act(request);
      } catch (error) {
        this.state.problem = error instanceof Refused ? error.message : `Something went wrong (${error.message})`;
      }
      this.state.heard = request.n;
    }
    this.#refresh();
  }

  /** Tell the learners what is new, show what is, and keep it. */
  #refresh(model = null) {
    this.learners.tell(this.session, this, model);
    this.#show();
    this.#keep();
  }

  #keep() {
    const { session, curve, target, seed, who } = this;
    this.store.keepDecisions({ ...session.kept(), config: pick(this.config, CHANGEABLE), curve, target, seed, who });
  }

  /** The learners have said something. */
  #heard(told, { state, words }) {
    if (told === "opinion") this.#ask();
    else if (told === "idle") {
      this.store.keepModel(state);
      this.#keep();
    } else if (told === "problem") {
      this.notify(`The model could not be trained (${words}); labels are taken as before.`);
    }
    this.#show(told === "opinion" ? TRAITS : ["progress"]);
  }

  /** Ask what the model would ask now. */
  #ask() {
    this.session.round = this.opinion.round;
    if (this.renew && !this.owed) this.session.wait(); // what was on screen is not what the model would ask by now
    this.renew = this.owed > 0;
    this.session.suggest(this.learners.picks);
    this.#answer();
  }

  /** One of the oracle's answers; the next follows when the model has learned from it. */
  #answer() {
    if (!this.owed || !this.opinion || this.learners.told < this.session.changes.length) return;
    const next = this.session.next;
    this.owed = next ? this.owed - 1 : 0;
    if (!next) return;
    this.session.answer(next, this.data.truth[next.clip]);
    this.#refresh();
  }

  #show(changed = TRAITS) {
    Object.assign(this.state, sessionTraits(this.session, this.data, this.learners, this.who));
    for (const name of changed) this.#tell(`change:${name}`);
    this.#tell("change:inside");
    queueMicrotask(() => this.#quietUntilNow()); // when the labeler has shown it
  }

  #tell(name, ...news) {
    for (const listener of this.#listeners[name] ?? []) listener(...news);
  }
}
