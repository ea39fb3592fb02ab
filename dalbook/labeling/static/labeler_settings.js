// Volume, speed and loop as they were the last time; storage may be closed to a page, and then they start anew.

const STORE = "dalbook-labeler";
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

export function readSettings() {
  const kept = { volume: 1, speed: 1, loop: false };
  try {
    const found = JSON.parse(localStorage.getItem(STORE)) ?? {};
    if (found.volume >= 0 && found.volume <= 1) kept.volume = found.volume;
    if (SPEEDS.includes(found.speed)) kept.speed = found.speed;
    kept.loop = found.loop === true;
  } catch {}
  return kept;
}

export function keepSettings(settings) {
  try {
    localStorage.setItem(STORE, JSON.stringify(settings));
  } catch {}
}

export const nextSpeed = (speed) => SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
