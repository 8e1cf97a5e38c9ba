/** Tempo and beat of taps: a line through them that single slips do not move. Pure. */

const LEAST_TAPS = 4;
const PAUSE_MS = 3000; // after which taps begin anew
const MOST_TAPS = 256;
const SLIP_MS = 30; // a tap further away than this, and than three deviations, does not count
const HAND_MS = 8; // how exactly people tap at least: a few taps that agree better are luck
const STEPS_BPM = [1, 0.5, 0.1, 0.01]; // the roundest tempo within the doubt is taken

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Which beat each tap is, counted from the first one: taps may be missed or come twice. */
function countedBeats(taps) {
  const usual = median(taps.slice(1).map((tap, i) => tap - taps[i]));
  const beats = [0];
  for (let i = 1; i < taps.length; i++) beats.push(beats[i - 1] + Math.round((taps[i] - taps[i - 1]) / usual));
  return beats;
}

/** The median of the slopes of all pairs (Theil and Sen), which up to a quarter of slips cannot move. */
function medianSlope(beats, taps) {
  const slopes = [];
  for (let i = 0; i < taps.length; i++)
    for (let j = i + 1; j < taps.length; j++)
      if (beats[j] > beats[i]) slopes.push((taps[j] - taps[i]) / (beats[j] - beats[i]));
  return median(slopes);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function roundTempo(bpm, doubt) {
  for (const step of STEPS_BPM) {
    const round = Number((Math.round(bpm / step) * step).toFixed(2));
    if (Math.abs(round - bpm) <= doubt) return round;
  }
  return bpm;
}

/**
 * Fit taps (ms, rising): {beat_ms, first_ms (the first tap's beat), doubt_bpm, used}; null for too few. The doubt is
 * two standard errors of the tempo.
 */
export function fitTaps(taps) {
  if (taps.length < LEAST_TAPS) return null;
  const beats = countedBeats(taps);
  if (beats.at(-1) < LEAST_TAPS - 1) return null; // the same moment again and again
  const slope = medianSlope(beats, taps);
  const level = median(taps.map((tap, i) => tap - slope * beats[i]));
  const away = taps.map((tap, i) => Math.abs(tap - level - slope * beats[i]));
  const limit = Math.max(SLIP_MS, 3 * 1.4826 * median(away));
  const used = taps.map((_, i) => i).filter((i) => away[i] <= limit);
  const [middleBeat, middleMs] = [mean(used.map((i) => beats[i])), mean(used.map((i) => taps[i]))];
  const spread = used.reduce((sum, i) => sum + (beats[i] - middleBeat) ** 2, 0);
  const fitted = used.reduce((sum, i) => sum + (beats[i] - middleBeat) * (taps[i] - middleMs), 0) / spread;
  const errors = used.map((i) => taps[i] - middleMs - fitted * (beats[i] - middleBeat));
  const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / Math.max(1, used.length - 2));
  const bpm = 60000 / fitted;
  const doubt = (2 * (bpm / fitted) * Math.max(deviation, HAND_MS)) / Math.sqrt(spread);
  const beatMs = 60000 / roundTempo(bpm, doubt);
  return { beat_ms: beatMs, first_ms: middleMs - beatMs * middleBeat, doubt_bpm: doubt, used: used.length };
}

/** Taps as they come. */
export class Taps {
  #taps = []; // positions in the song
  #lastMs = -Infinity; // on the page's clock

  /** Take a tap at a position of the song, made at a page time. Returns how many there are, and their fit. */
  add(ms, pageMs) {
    if (pageMs - this.#lastMs > PAUSE_MS || ms < this.#taps.at(-1)) this.clear();
    this.#lastMs = pageMs;
    this.#taps.push(ms);
    if (this.#taps.length > MOST_TAPS) this.#taps.shift();
    return { count: this.#taps.length, missing: Math.max(0, LEAST_TAPS - this.#taps.length), fit: fitTaps(this.#taps) };
  }

  clear() {
    this.#taps = [];
  }
}
