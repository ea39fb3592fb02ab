// What the labeler knows, and what it asks for: the traits of the model behind it, read in one place.

const TRAITS = ["classes", "clip", "ahead", "progress", "history", "opinion", "curve", "problem", "notice", "recording",
  "search", "target"];
const EXCHANGE = ["heard", "said"]; // the number of the last request carried out, and the requests

export class Traits {
  /** @param {object} model anything with get, set, save_changes, on, off and send */
  constructor(model) {
    this.model = model;
  }

  get clip() {
    return this.model.get("clip") ?? null;
  }

  get ahead() {
    return this.model.get("ahead") ?? [];
  }

  get classes() {
    return this.model.get("classes") ?? [];
  }

  get progress() {
    return this.model.get("progress") ?? {};
  }

  get history() {
    return this.model.get("history") ?? [];
  }

  get opinion() {
    return this.model.get("opinion") ?? null;
  }

  get curve() {
    return this.model.get("curve") ?? null;
  }

  get problem() {
    return this.model.get("problem") ?? "";
  }

  get notice() {
    return this.model.get("notice") ?? "";
  }

  get recording() {
    return Boolean(this.model.get("recording"));
  }

  /** A search by example, {words, target, heard, found}; null where there is none. */
  get search() {
    return this.model.get("search") ?? null;
  }

  /** Of a session about one sound: {mode, orders, words}; null elsewhere. */
  get target() {
    return this.model.get("target") ?? null;
  }

  /** Whether what stands behind it searches by example: the page that learns does not. */
  get canSearch() {
    return Boolean(this.progress.searches) && !this.recording;
  }

  get heard() {
    return this.model.get("heard") ?? 0;
  }

  /** The request that the model has not carried out yet; null where there is none. */
  get unheard() {
    return (this.model.get("said") ?? []).find(({ n }) => n > this.heard) ?? null;
  }

  className(label) {
    return this.classes[label] ?? "?";
  }

  ask(request) {
    this.model.set("said", [{ n: this.heard + 1, ...request }]);
    this.model.save_changes();
  }

  /** Call `changed` when any trait is new; returns what ends that. */
  listen(changed) {
    const names = [...TRAITS, ...EXCHANGE].map((name) => `change:${name}`);
    for (const name of names) this.model.on(name, changed);
    return () => names.forEach((name) => this.model.off(name, changed));
  }
}
