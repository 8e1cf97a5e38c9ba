/** A chart as the player reads it: notes by column for drawing, and beat lines from the timing points. Pure. */

const MIN_BEAT_MS = 10; // shorter "beats" are scroll tricks, not a tempo
const MAX_LINES = 200000;

/** The first index of a sorted array whose value is not below `value`. */
export function lowerBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The notes of one column, by start. `reach[i]` is the latest end of notes 0..i, so that a search finds long ones. */
class Column {
  constructor(notes) {
    notes.sort((a, b) => a.start - b.start || a.end - b.end);
    this.starts = Float64Array.from(notes, (note) => note.start);
    this.ends = Float64Array.from(notes, (note) => note.end);
    this.long = Uint8Array.from(notes, (note) => (note.long ? 1 : 0));
    this.reach = Float64Array.from(this.ends);
    for (let i = 1; i < this.reach.length; i++) this.reach[i] = Math.max(this.reach[i], this.reach[i - 1]);
  }

  /** The range [first, last) of the notes that touch fromMs..toMs. */
  within(fromMs, toMs) {
    return [lowerBound(this.reach, fromMs), lowerBound(this.starts, toMs)];
  }
}

export class Chart {
  /**
   * json: {keys, notes: [[column, start_ms, end_ms or null], ...], timing_points: [{time_ms, beat_ms, meter}, ...], od,
   * title, artist, version, stars, passages: {step_ms, stars, density}, findings: [{time_ms, text, severity}]};
   * what follows `timing_points` may be left out.
   */
  constructor(json) {
    this.keys = json.keys;
    this.od = json.od ?? 8;
    this.title = json.title ?? "";
    this.artist = json.artist ?? "";
    this.version = json.version ?? "";
    this.stars = json.stars ?? null;
    this.passages = json.passages ?? null;
    this.findings = json.findings ?? [];
    const byColumn = Array.from({ length: this.keys }, () => []);
    this.endMs = 0;
    for (const [column, start, end] of json.notes) {
      byColumn[column].push({ start, end: end ?? start, long: end !== null });
      this.endMs = Math.max(this.endMs, end ?? start);
    }
    this.columns = byColumn.map((notes) => new Column(notes));
    this.noteCount = json.notes.length;
    this.longCount = json.notes.filter((note) => note[2] !== null).length;
    const starts = Float64Array.from(json.notes, (note) => note[1]).sort();
    this.moments = starts.filter((time, i) => i === 0 || time > starts[i - 1]); // a chord is one moment
    this.starts = starts;
    this.timing = usableTiming(json.timing_points ?? []);
  }

  /** The stretch of constant tempo that a time lies in; null for a chart without timing. */
  tempoAt(ms) {
    let found = this.timing[0] ?? null;
    for (const point of this.timing) if (point.time_ms <= ms + 0.5) found = point;
    return found;
  }
}

function usableTiming(points) {
  const atTime = new Map();
  for (const point of points) if (point.beat_ms >= MIN_BEAT_MS) atTime.set(point.time_ms, point); // the last one counts
  return [...atTime.values()].sort((a, b) => a.time_ms - b.time_ms);
}

/**
 * The beat lines of fromMs..toMs: {times, isMeasure, numbers}, sorted. Every timing point begins a measure; the first
 * one also reaches back before its time. `numbers`: of the measure that a line begins, counted from 1 at the first
 * timing point, 0 for a line that begins none.
 */
export function beatLines(timing, fromMs, toMs) {
  const times = [];
  const isMeasure = [];
  const numbers = [];
  let firstMeasure = 1;
  for (let i = 0; i < timing.length; i++) {
    const { time_ms: origin, beat_ms: beat, meter } = timing[i];
    const end = i + 1 < timing.length ? timing[i + 1].time_ms : Infinity;
    const low = i === 0 ? fromMs : Math.max(fromMs, origin);
    const high = Math.min(toMs, end - 0.5); // a line that the next point replaces
    for (let k = Math.ceil((low - origin) / beat - 1e-6); origin + k * beat < high; k++) {
      if (times.length >= MAX_LINES) break;
      const begins = ((k % meter) + meter) % meter === 0;
      times.push(origin + k * beat);
      isMeasure.push(begins);
      numbers.push(begins ? firstMeasure + Math.floor(k / meter) : 0);
    }
    if (end < Infinity) firstMeasure += Math.ceil((end - origin) / (beat * meter) - 1e-3);
  }
  return { times, isMeasure, numbers };
}

/**
 * The time that lies `count` lines after ms, or before it if negative; beats, or measures only. Lines within slackMs of
 * ms are where it stands now. Without lines it moves by half seconds.
 */
export function stepOf({ times, isMeasure }, ms, count, byMeasure, slackMs) {
  const places = byMeasure ? times.filter((_, i) => isMeasure[i]) : times;
  if (!places.length) return ms + 500 * count;
  const i = count > 0 ? lowerBound(places, ms + slackMs) + count - 1 : lowerBound(places, ms - slackMs) + count;
  return places[Math.max(0, Math.min(i, places.length - 1))];
}
