/**
 * Judging of key presses as osu!mania does it (osu!stable, ScoreV1). Pure: times in, judgements out.
 *
 * Windows, accuracy and the rules of long notes: https://osu.ppy.sh/wiki/en/Gameplay/Judgement/osu!mania and
 * https://osu.ppy.sh/wiki/en/Gameplay/Accuracy. In short: errors are rounded and windows cut to whole milliseconds; a
 * late press outside of the 100 window is a miss; rates do not change the windows, which are in real time; a long
 * note has one judgement, of the press and the release together. Pressing too late or letting go early breaks the combo
 * and leaves a 50 at best, if the key is down at the end. A key still down when the 100 window of the release closes
 * counts as let go there. Unlike osu!, the combo counts each note once and not the ticks of long notes.
 */

export const JUDGEMENTS = ["max", "300", "200", "100", "50", "miss"];
export const VALUES = { max: 300, 300: 300, 200: 200, 100: 100, 50: 50, miss: 0 };
// Of a long note: the window of the press, and that of press and release added, in windows of a tap.
const LONG_NOTE_WINDOWS = [
  ["max", 1.2, 2.4],
  ["300", 1.1, 2.2],
  ["200", 1, 2],
  ["100", 1, 2],
];

/** The largest error of each judgement in whole ms of real time, for an overall difficulty. */
export function hitWindows(od) {
  const inverse = 3 * Math.min(10, Math.max(0, 10 - od));
  const windows = { max: 16, 300: 34 + inverse, 200: 67 + inverse, 100: 97 + inverse, 50: 121 + inverse };
  windows.miss = 158 + inverse;
  for (const name of JUDGEMENTS) windows[name] = Math.floor(windows[name] + 1e-9);
  return windows;
}

/** Accuracy in 0..1 of counts of judgements ({max: 3, miss: 1}); 1 before the first. */
export function accuracyOf(counts) {
  const total = JUDGEMENTS.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  const points = JUDGEMENTS.reduce((sum, name) => sum + VALUES[name] * (counts[name] ?? 0), 0);
  return total ? points / (300 * total) : 1;
}

/** Mean, standard deviation and unstable rate (ten times the deviation) of errors in ms; null for none. */
export function errorStatistics(errors) {
  if (!errors.length) return null;
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const deviation = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length);
  return { mean, deviation, unstableRate: 10 * deviation };
}

/**
 * A run of test play. Times are those of the chart in ms; `rate` is how fast it is played. Notes that start before
 * `fromMs` are not part of the run. `press`, `release` and `advance` return what was judged:
 * [{column, judgement, errorMs, timeMs}], with errorMs null for a note that was never pressed.
 */
export class Judge {
  constructor(chart, { rate = 1, fromMs = -Infinity } = {}) {
    this.windows = hitWindows(chart.od);
    this.rate = rate;
    this.lanes = chart.columns.map(({ starts, ends, long }) => {
      let next = 0;
      while (next < starts.length && starts[next] < fromMs) next++;
      return { starts, ends, long, next, hold: null };
    });
    this.total = this.lanes.reduce((sum, lane) => sum + lane.starts.length - lane.next, 0);
    this.counts = Object.fromEntries(JUDGEMENTS.map((name) => [name, 0]));
    this.errors = [];
    this.combo = 0;
    this.maxCombo = 0;
    this.judged = 0;
  }

  get accuracy() {
    return accuracyOf(this.counts);
  }

  get isOver() {
    return this.judged === this.total;
  }

  press(column, ms) {
    const results = this.advance(ms);
    const lane = this.lanes[column];
    if (lane.next >= lane.starts.length) return results;
    const start = lane.starts[lane.next];
    const error = this.#error(ms, start);
    if (lane.long[lane.next]) {
      if (error < -this.windows[50]) return results;
      const hold = this.#holdOf(lane);
      if (hold.headError === null && !hold.isBroken) {
        hold.headError = error;
        this.errors.push(error);
      }
      hold.isDown = true;
      return results;
    }
    if (error < -this.windows.miss) return results;
    this.errors.push(error);
    results.push(this.#finish(column, tapJudgement(error, this.windows), error, ms));
    return results;
  }

  release(column, ms) {
    const results = this.advance(ms);
    const lane = this.lanes[column];
    const hold = lane.hold;
    if (!hold?.isDown) return results;
    hold.isDown = false;
    const error = this.#error(ms, lane.ends[lane.next]);
    if (error < -this.windows[50]) {
      this.#break(hold);
    } else results.push(this.#finish(column, longJudgement(hold, error, this.windows), hold.headError, ms));
    return results;
  }

  /** Judge what can no longer be played at `ms`. */
  advance(ms) {
    const results = [];
    this.lanes.forEach((lane, column) => {
      while (lane.next < lane.starts.length) {
        const isLong = lane.long[lane.next];
        if (isLong && !lane.hold && this.#error(ms, lane.starts[lane.next]) >= this.windows[100])
          this.#break(this.#holdOf(lane));
        const deadline = isLong ? lane.ends[lane.next] : lane.starts[lane.next];
        if (this.#error(ms, deadline) < this.windows[100]) break;
        const atMs = deadline + this.windows[100] * this.rate;
        if (isLong && lane.hold?.isDown) {
          results.push(
            this.#finish(column, longJudgement(lane.hold, this.windows[100], this.windows), lane.hold.headError, atMs),
          );
        } else results.push(this.#finish(column, "miss", null, atMs));
      }
    });
    return results;
  }

  #error(ms, noteMs) {
    return Math.round((ms - noteMs) / this.rate);
  }

  #holdOf(lane) {
    lane.hold ??= { headError: null, isBroken: false, isDown: false };
    return lane.hold;
  }

  #break(hold) {
    hold.isBroken = true;
    this.combo = 0;
  }

  #finish(column, judgement, errorMs, timeMs) {
    const lane = this.lanes[column];
    lane.next++;
    lane.hold = null;
    this.judged++;
    this.counts[judgement]++;
    this.combo = judgement === "miss" ? 0 : this.combo + 1;
    this.maxCombo = Math.max(this.maxCombo, this.combo);
    return { column, judgement, errorMs, timeMs };
  }
}

function tapJudgement(error, windows) {
  if (error >= windows[100]) return "miss"; // a late 50 is impossible
  return JUDGEMENTS.find((name) => Math.abs(error) <= windows[name]) ?? "miss";
}

function longJudgement(hold, releaseError, windows) {
  if (hold.isBroken || hold.headError === null) return "50";
  const head = Math.abs(hold.headError);
  const both = head + Math.abs(releaseError);
  const fits = ([name, ofHead, ofBoth]) => head <= windows[name] * ofHead && both <= windows[name] * ofBoth;
  return LONG_NOTE_WINDOWS.find(fits)?.[0] ?? "50";
}
