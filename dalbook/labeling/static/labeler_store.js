// The sounds that the labeler has, and asks for: those of the clip on screen and of the next few.

const ASK = 120; // ms left to the engine to send a sound by itself, and between two looks
const ASK_AGAIN = 4000; // ms
const KEPT = 12; // sounds

const bytes = (buffer) =>
  buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/**
 * Sounds by clip: {url, meta, envelope, levels}, or {error}.
 *
 * @param model  where they come from: asked with send({ sound: clip }), it answers with a message
 * @param wanted  () => the clips that are needed now
 * @param came  clip => what to do when its sound is there
 */
export function soundStore(model, wanted, came) {
  const sounds = new Map(); // the last used one last
  const asked = new Map(); // clip -> when
  let look = 0;
  let closed = false;

  function receive(content, buffers) {
    const clip = content?.sound;
    if (clip == null || closed) return;
    if (sounds.get(clip)?.url) return; // sent unasked and asked for: once is enough
    sounds.delete(clip);
    if (content.error) sounds.set(clip, { error: content.error });
    else {
      const [file, envelope, levels] = buffers.map(bytes);
      sounds.set(clip, {
        url: URL.createObjectURL(new Blob([file], { type: content.mime })),
        meta: content,
        envelope: new Float32Array(envelope.slice().buffer),
        levels,
      });
    }
    const needed = new Set(wanted());
    for (const old of sounds.keys()) {
      if (sounds.size <= KEPT) break;
      if (!needed.has(old)) forget(old);
    }
    came(clip);
  }

  function forget(clip) {
    const { url } = sounds.get(clip);
    if (url) URL.revokeObjectURL(url);
    sounds.delete(clip);
    asked.delete(clip);
  }

  /** Ask for what is wanted and not there. */
  function ask() {
    clearTimeout(look);
    const now = performance.now();
    const lacking = wanted().filter((clip) => !sounds.has(clip));
    for (const clip of new Set(lacking)) {
      if (now - (asked.get(clip) ?? -Infinity) < ASK_AGAIN) continue;
      asked.set(clip, now);
      model.send({ sound: clip });
    }
    if (lacking.length) look = setTimeout(ask, ASK_AGAIN);
  }

  model.on("msg:custom", receive);
  const first = model.get("first_sound"); // it comes with the labeler itself
  if (first) receive(first.about, first.buffers);

  return {
    ask,
    /** Ask in a moment, if the engine has not sent it by then. */
    askSoon() {
      clearTimeout(look);
      if (!closed) look = setTimeout(ask, ASK);
    },
    /** What keeps a clip from being decided on: "loading", "broken", or nothing. */
    lack(clip) {
      const sound = sounds.get(clip);
      return sound ? (sound.url ? "" : "broken") : "loading";
    },
    /** A clip's sound, which counts as used; null where it is not there. */
    use(clip) {
      const sound = sounds.get(clip);
      if (!sound) return null;
      sounds.delete(clip);
      sounds.set(clip, sound);
      return sound;
    },
    close() {
      closed = true;
      model.off("msg:custom", receive);
      clearTimeout(look);
      for (const clip of [...sounds.keys()]) forget(clip);
    },
  };
}
