// What a labeling session does, without a kernel and without anything to see: which clip is due, what a decision
// changes, what is taken back. The rules are those of dalbook/labeling/session.py, and so are the rows that it keeps:
// tests/labeling/sessions/ holds both to them.

export const TRUTH = "truth"; // who answers where the oracle does
const AHEAD = 3; // clips that come next
const OLD_SPELLING = { labelled: "labeled" }; // of the first edition, whose rows go on working
const COLUMNS = ["clip", "label", "status", "annotator", "time", "seconds", "round", "score", "picked_by"];

/** A request that cannot be carried out; nothing has changed. */
export class Refused extends Error {}

/**
 * One reader's decisions.
 *
 * @param {string[]} ids names of the clips; a clip is known by its position
 * @param {string[]} classes
 * @param {object[]} typical all clips as {clip, picked_by, score, why}, the typical ones first
 * @param {object} rules each: learning starts once every class has so many labels; budget: labels to give
 */
export class Session {
  constructor(ids, classes, typical, { each = 3, budget = Infinity } = {}) {
    Object.assign(this, { ids, classes, typical, each, budget });
    this.rows = []; // every decision, one after the other; the last one of a clip holds
    this.standing = new Map(); // clip -> the row that holds, in the order in which they were made
    this.undoable = []; // [clip, the row that held before it]
    this.begun = null; // {rows, labels}: from where the model learns
    this.changes = []; // {rows, clip, label} since then; label null where it lost its own
    this.round = 0;
    this.suggestions = []; // as `typical`, what the model would ask next
    this.shown = null;
    this.back = []; // due before all others, the last first
  }

  /** Go on with what was kept. */
  open({ rows, begun, shown, back }) {
    for (const { status, ...row } of rows) {
      if (begun && begun.rows === this.rows.length) this.#begin(begun.rows);
      this.#take({ ...row, status: OLD_SPELLING[status] ?? status });
    }
    if (begun && !this.begun) this.#begin(begun.rows);
    this.round = this.rows.reduce((most, row) => Math.max(most, row.round), 0);
    const open = (pick) => pick && !this.standing.has(pick.clip);
    const waiting = [...back, shown].filter(open);
    const there = new Set(waiting.map(({ clip }) => clip));
    this.back = [...waiting, ...this.#takenBack.filter((clip) => !there.has(clip)).map((clip) => this.#asBefore(clip))];
    if (!this.#done && this.back.length) this.shown = this.back.pop();
    if (!this.shown) this.advance();
  }

  kept() {
    const { rows, begun, shown, back } = this;
    return { rows, begun: begun && { rows: begun.rows }, shown, back };
  }

  /** Clip -> class, of the labels that stand. */
  get labels() {
    return new Map([...this.standing].filter(([, row]) => row.label != null).map(([clip, row]) => [clip, row.label]));
  }

  get canStart() {
    return !this.begun && this.labels.size > 0 && this.classes.length > 1;
  }

  /** The truth's answers are not taken back, one's own are. */
  get canUndo() {
    const last = this.undoable.at(-1);
    return Boolean(last) && this.standing.get(last[0])?.annotator !== TRUTH;
  }

  get ahead() {
    return this.#due(AHEAD);
  }

  /** From now on take the next clips from these; the clip on screen stays, but for `now`. */
  suggest(picks, now = false) {
    this.suggestions = picks;
    if (now || !this.shown) this.advance();
  }

  /** Show the next clip; none where the budget is spent. */
  advance() {
    this.shown = null;
    if (!this.#done) [this.shown = null] = this.#due(1);
    this.back = this.back.filter((pick) => this.#open(pick));
  }

  /** Show nothing until the model has suggested something. */
  wait() {
    this.shown = null;
    this.back = [];
  }

  act({ do: what, clip, label, seconds }) {
    if (what === "label") this.decide(clip, "labeled", label, seconds);
    else if (what === "unsure" || what === "skip") this.decide(clip, what === "skip" ? "skipped" : what, null, seconds);
    else if (what === "undo") this.undo();
    else if (what === "start") this.start();
    else if (what === "class") {
      throw new Refused("This page knows the classes of toy-city alone; the labeler in a notebook takes new ones.");
    } else throw new Refused(`there is no request ${what}`);
  }

  /** Decide on the clip on screen, or anew on one decided before; the same decision twice is one. */
  decide(clip, status, label, seconds) {
    const shown = this.shown?.clip === clip;
    const before = this.standing.get(clip);
    if (!shown && !before) {
      throw new Refused(`clip ${clip} is neither on screen nor decided on already, so nothing was written`);
    }
    const last = this.classes.length - 1;
    if (status === "labeled" && !(Number.isInteger(label) && label >= 0 && label <= last)) {
      throw new Refused(`there is no class ${label}; classes go from 0 to ${last}`);
    }
    if (before && before.status === status && before.label === label) return;
    const pick = shown ? this.shown : { clip, picked_by: "correction", score: null };
    this.#write(pick, status, label, { seconds });
    if (shown || !this.shown) this.advance();
  }

  /** Have the truth label a clip that is not on screen. */
  answer(pick, label) {
    this.#write(pick, "labeled", label, { annotator: TRUTH });
    if (this.shown?.clip === pick.clip) this.advance();
  }

  /** What the model would ask next, apart from the clip on screen. */
  get next() {
    return this.suggestions.find((pick) => this.#open(pick)) ?? null;
  }

  /** Take back the last decision: its clip is on screen again, or, after a correction, as it was before. */
  undo() {
    if (!this.canUndo) throw new Refused("there is nothing to undo");
    const [clip, before] = this.undoable.at(-1);
    const taken = { clip, picked_by: "undo", score: null };
    if (before) {
      this.#write(taken, before.status, before.label, {});
      if (!this.shown) this.advance();
      return;
    }
    const again = this.#asBefore(clip);
    this.#write(taken, "undone", null, {});
    if (this.shown) this.back.push(this.shown);
    this.shown = again;
  }

  /** Start learning from the labels there are. */
  start() {
    if (this.begun) throw new Refused("learning has started already");
    if (this.classes.length < 2) throw new Refused("a model needs at least two classes");
    if (!this.canStart) throw new Refused("label at least one clip first");
    this.#begin(this.rows.length);
  }

  /** Have another learner learn from all labels there are; without one only if it can begin from nothing. */
  again(fromNothing) {
    Object.assign(this, { begun: null, changes: [], suggestions: [] });
    this.wait();
    if (fromNothing || this.labels.size) this.#begin(this.rows.length);
    else this.advance();
  }

  #begin(rows) {
    this.begun = { rows, labels: [...this.labels] };
    this.changes = [];
  }

  #write(pick, status, label, { seconds = null, annotator = "" }) {
    const { clip, score, picked_by } = pick;
    // later than the row before: what stands does not depend on the order of rows in a file
    const last = this.rows.length ? Date.parse(this.rows.at(-1).time) : NaN;
    const time = new Date(Math.max(Date.now(), last + 1 || 0)).toISOString().replace("Z", "+00:00");
    const known = Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
    this.#take({ clip, label, status, annotator, time, seconds: known, round: this.round, score, picked_by });
    if (!this.begun && this.#eachHasEnough()) this.#begin(this.rows.length);
  }

  #eachHasEnough() {
    const counts = this.classes.map(() => 0);
    for (const label of this.labels.values()) counts[label] += 1;
    return counts.length > 1 && Math.min(...counts) >= this.each;
  }

  /** A clip whose decision is taken back, with what it was picked by. */
  #asBefore(clip) {
    const picked = (row) => row.clip === clip && row.picked_by !== "undo" && row.picked_by !== "correction";
    const { picked_by, score } = this.rows.findLast(picked) ?? { picked_by: "order", score: null };
    return { clip, picked_by, score, why: "you took your decision back" };
  }

  /** Clips whose decision was undone and that were not decided on again, the last one at the end. */
  get #takenBack() {
    const last = new Map();
    for (const { clip, status } of this.rows) {
      last.delete(clip);
      last.set(clip, status);
    }
    return [...last].filter(([, status]) => status === "undone").map(([clip]) => clip);
  }

  #take(row) {
    const { clip } = row;
    const before = this.standing.get(clip) ?? null;
    this.standing.delete(clip);
    if (row.status === "undone" || row.picked_by === "undo") {
      if (this.undoable.at(-1)?.[0] === clip) this.undoable.pop();
    } else this.undoable.push([clip, before]);
    if (row.status !== "undone") this.standing.set(clip, row);
    this.rows.push(row);
    const [was, label] = [before?.label ?? null, row.label];
    if (was !== label && this.begun) this.changes.push({ rows: this.rows.length, clip, label });
  }

  get #done() {
    return this.labels.size >= this.budget;
  }

  #open(pick) {
    return !this.standing.has(pick.clip) && this.shown?.clip !== pick.clip;
  }

  #due(most) {
    const found = new Map();
    for (const pick of [...this.back].reverse().concat(this.suggestions, this.typical)) {
      if (this.#open(pick) && !found.has(pick.clip)) found.set(pick.clip, pick);
      if (found.size === most) break;
    }
    return [...found.values()];
  }
}

/** The rows as the labeler writes them: a file that `Labeler(corpus, out=...)` opens and goes on with. */
export function csv({ rows, ids, classes }) {
  const field = (value) => {
    if (value == null) return "";
    const text = typeof value === "number" ? String(Number(value.toFixed(6))) : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const named = (row) => ({ ...row, clip: ids[row.clip], label: row.label == null ? "" : classes[row.label] });
  const lines = rows.map((row) => COLUMNS.map((column) => field(named(row)[column])).join(","));
  return [COLUMNS.join(","), ...lines, ""].join("\n");
}
