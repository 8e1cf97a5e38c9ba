/**
 * The grid of a song as its timing points [{time_ms, beat_ms, meter}, ...], sorted, and edits of it. Each edit returns
 * a new list, and leaves it as it is where the edit is impossible. Every point begins a measure; the first one also
 * reaches back to the start of the song. Pure.
 */

export const BEAT_MS = { shortest: 6, longest: 60000 }; // as in osu!: 10,000 to 1 BPM
const APART_MS = 1; // the least time between two points
const DEFAULT = { time_ms: 0, beat_ms: 500, meter: 4 };

export const bpmOf = (point) => 60000 / point.beat_ms;

/** The tempo of a grid, or its slowest and fastest, in words. */
export function bpmText(points) {
  const bpms = points.map((point) => Number(bpmOf(point).toFixed(2)));
  const [low, high] = [Math.min(...bpms), Math.max(...bpms)];
  return low === high ? `${low} BPM` : `${low} to ${high} BPM`;
}

/** Where nobody knows anything yet. */
export const plainGrid = () => [{ ...DEFAULT }];

/** The index of the point that a time belongs to. */
export function pointAt(points, ms) {
  let found = 0;
  points.forEach((point, i) => point.time_ms <= ms + 0.5 && (found = i));
  return found;
}

function replaced(points, i, changes) {
  const point = { ...points[i], ...changes };
  const isBeat = point.beat_ms >= BEAT_MS.shortest && point.beat_ms <= BEAT_MS.longest;
  const follows = i === 0 || point.time_ms >= points[i - 1].time_ms + APART_MS;
  const precedes = i === points.length - 1 || point.time_ms <= points[i + 1].time_ms - APART_MS;
  return isBeat && follows && precedes ? points.with(i, point) : points;
}

/** Move one point, or all of them together (i = null). */
export function nudged(points, i, byMs) {
  if (i === null) return points.map((point) => ({ ...point, time_ms: point.time_ms + byMs }));
  return replaced(points, i, { time_ms: points[i].time_ms + byMs });
}

export const withTime = (points, i, ms) => replaced(points, i, { time_ms: ms });
export const withBpm = (points, i, bpm) => (bpm > 0 ? replaced(points, i, { beat_ms: 60000 / bpm }) : points);
export const withMeter = (points, i, meter) => replaced(points, i, { meter });

/** The tempo `factor` times as fast, from the same first beat. */
export const timesTempo = (points, i, factor) => replaced(points, i, { beat_ms: points[i].beat_ms / factor });

/**
 * Drag the line at `ms` to `toMs`. The line of a point itself moves that point; any other line changes the tempo of its
 * point, whose first beat stays.
 */
export function dragged(points, ms, toMs) {
  const i = pointAt(points, ms);
  const beats = Math.round((ms - points[i].time_ms) / points[i].beat_ms);
  if (beats === 0) return replaced(points, i, { time_ms: toMs });
  return replaced(points, i, { beat_ms: (toMs - points[i].time_ms) / beats });
}

/** A tempo change at `ms`, with the tempo that was there. */
export function withPointAt(points, ms) {
  const before = points[pointAt(points, ms)];
  if (points.some((point) => Math.abs(point.time_ms - ms) < APART_MS)) return points;
  return [...points, { ...before, time_ms: ms }].sort((a, b) => a.time_ms - b.time_ms);
}

/** Without one point; the last one stays. */
export const withoutPoint = (points, i) => (points.length > 1 ? points.toSpliced(i, 1) : points);

/**
 * A point with the tempo of taps ({beat_ms, first_ms}, see taps.js). The first tap begins a measure. A tempo change
 * stays at the measure nearest to its place; the first point moves to the first measure of the song.
 */
export function withTaps(points, i, { beat_ms: beatMs, first_ms: firstMs }) {
  const measureMs = beatMs * points[i].meter;
  const measures = (points[i].time_ms - firstMs) / measureMs;
  const start = firstMs + measureMs * (i === 0 ? Math.ceil(-firstMs / measureMs) : Math.round(measures));
  return replaced(points, i, { beat_ms: beatMs, time_ms: start });
}
