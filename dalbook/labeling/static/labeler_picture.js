// A sound's outline and spectrogram.

// The spectrogram's colors, from silence to the loudest: even steps of lightness, for any kind of color vision.
const SHADES = ["#0b0b1c", "#251256", "#59167a", "#932a80", "#cf406f", "#f4705c", "#fdb078", "#fcfdbf"];

export const hertz = (hz) => (hz < 1000 ? `${Math.round(hz)} Hz` : `${+(hz / 1000).toFixed(1)} kHz`);

/** The outline as a closed path, as high as the panel allows: a quiet clip shows its shape too. */
export function outline(envelope) {
  const pairs = envelope.length / 2;
  const peak = Math.max(1e-4, envelope.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const at = (i, side) => `${((i + 0.5) / pairs) * 600} ${(1 - (0.94 * envelope[2 * i + side]) / peak) * 50}`;
  const over = Array.from({ length: pairs }, (_, i) => at(i, 1));
  const under = Array.from({ length: pairs }, (_, i) => at(pairs - 1 - i, 0));
  return pairs ? `M${[...over, ...under].join("L")}Z` : "";
}

const TABLE = Array.from({ length: 256 }, (_, level) => {
  const place = (level / 255) * (SHADES.length - 1);
  const left = Math.min(Math.floor(place), SHADES.length - 2);
  const part = (stop, at) => parseInt(SHADES[stop].slice(at, at + 2), 16);
  return [1, 3, 5].map((at) => part(left, at) + (part(left + 1, at) - part(left, at)) * (place - left));
});

export function paint(canvas, { rows, columns }, levels) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const row = rows - 1 - Math.floor(i / columns); // row 0 is the lowest band, drawn at the bottom
    const [red, green, blue] = TABLE[levels[row * columns + (i % columns)]];
    image.data[4 * i] = red;
    image.data[4 * i + 1] = green;
    image.data[4 * i + 2] = blue;
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Where round frequencies lie between the lowest (0) and the highest band (1), on Slaney's mel scale. */
export function ticks({ low, high }) {
  const mel = (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4));
  const place = (hz) => (mel(hz) - mel(low)) / (mel(high) - mel(low));
  return [100, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000]
    .map((hz) => [hz, place(hz)])
    .filter(([, at]) => at > 0.08 && at < 0.94)
    .filter(([, at], i, all) => i === 0 || at - all[i - 1][1] > 0.13); // room for the words
}
