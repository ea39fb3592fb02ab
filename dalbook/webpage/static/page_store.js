// What the page keeps in the browser: decisions, written at each of them, and the model, written when it rests.

const DECISIONS = "dalbook-page-decisions";
const MODEL = "dalbook-page-model";

/** Typed arrays as JSON: little numbers of bytes, as base64. */
const packed = (name, value) => {
  if (!ArrayBuffer.isView(value)) return value;
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return { typed: value.constructor.name, data: btoa(String.fromCharCode(...bytes)) };
};
const unpacked = (name, value) => {
  if (!value?.typed) return value;
  const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
  return new { Float32Array, Float64Array, Int32Array, Uint32Array }[value.typed](bytes.buffer);
};

export class Store {
  /**
   * @param {string} version of the data: what belongs to other data is not read
   * @param {(words: string) => void} tell what the reader should know
   */
  constructor(version, tell) {
    Object.assign(this, { version, tell, closed: false });
    window.addEventListener("storage", ({ key }) => {
      if (key !== DECISIONS || this.closed) return;
      this.closed = true;
      tell("You go on in another tab: what you do in this one is not kept.");
    });
  }

  /** {decisions, model} as they were kept; null for what is not there, damaged, or of another version. */
  read() {
    const [decisions, model] = [DECISIONS, MODEL].map((key) => {
      try {
        const kept = JSON.parse(localStorage.getItem(key), unpacked);
        if (!kept || kept.version === this.version) return kept?.content ?? null;
        this.tell("The clips of this page have changed since your last visit, so you start anew.");
      } catch {
        this.tell("What this browser had kept of your last visit cannot be read, so you start anew.");
      }
      return null;
    });
    return { decisions, model: decisions && model };
  }

  keepDecisions(content) {
    this.#write(DECISIONS, content);
  }

  keepModel(content) {
    this.#write(MODEL, content);
  }

  clear() {
    try {
      for (const key of [DECISIONS, MODEL]) localStorage.removeItem(key);
    } catch {}
  }

  #write(key, content) {
    if (this.closed) return;
    try {
      localStorage.setItem(key, JSON.stringify({ version: this.version, content }, packed));
    } catch {
      this.closed = true;
      this.tell(
        "This browser keeps nothing more for this page (its storage is full, or closed to it): after a reload you " +
          "start from what was kept before. Download your labels before you leave.",
      );
    }
  }
}
