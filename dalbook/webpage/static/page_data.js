// The page's data, as dalbook/webpage/data.py packs it, in the forms that the session and the learners take.

/** Numbers from float16 in base64. */
export function fromHalves(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Float32Array.from(new Uint16Array(bytes.buffer), (half) => {
    const [sign, exponent, part] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + part) : 2 ** -24 * part);
  });
}

/** The embeddings of all clips. */
export function embeddings({ x, dimensions, pool }) {
  return { x: fromHalves(x), d: dimensions, pool };
}

/** Where all clips lie for the herding learner, as `clipSpace` takes it: points of unit length but for a rounding. */
export function herdingSpace({ herding: { points, dimensions: d, recordings, constants }, pool }) {
  const rounded = fromHalves(points);
  for (let i = 0; i < rounded.length; i += d) {
    const row = rounded.subarray(i, i + d);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, k) => (row[k] = value / length));
  }
  return { points: rounded, d, pool, recordings, constants };
}

/** All clips to label, the typical ones first. */
export function typicalPicks({ order, scores, why, picked_by }) {
  return order.map((clip, i) => ({ clip, picked_by: picked_by[i], score: scores[i], why: why[i] }));
}

export const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));
