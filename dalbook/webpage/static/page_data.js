// The page's data, as dalbook/webpage/data.py packs it, in the forms that the session and the learners take.

/** The embeddings of all clips, from float16 in base64. */
export function embeddings({ x, dimensions, pool }) {
  const bytes = Uint8Array.from(atob(x), (letter) => letter.charCodeAt(0));
  const halves = new Uint16Array(bytes.buffer);
  const wide = Float32Array.from(halves, (half) => {
    const [sign, exponent, part] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + part) : 2 ** -24 * part);
  });
  return { x: wide, d: dimensions, pool };
}

/** All clips to label, the typical ones first. */
export function typicalPicks({ order, scores, why, picked_by }) {
  return order.map((clip, i) => ({ clip, picked_by: picked_by[i], score: scores[i], why: why[i] }));
}

export const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));
