/** Who plays the chart: autoplay, or a person in test play. Each says what the playfield shows at a moment. */

import { lowerBound } from "./chart.js";
import { HIT, MISSED } from "./field.js";
import { Judge } from "./judge.js";

/** Plays every note on time. It keeps no state, so that seeking needs nothing. */
export class Autoplay {
  isAuto = true;
  states = null;
  judgement = null;

  constructor(chart) {
    this.chart = chart;
    this.flashes = new Float64Array(chart.keys);
    this.isHeld = new Array(chart.keys).fill(false);
    this.combo = 0;
  }

  advance(ms) {
    this.chart.columns.forEach(({ starts, ends, long }, column) => {
      const last = lowerBound(starts, ms + 1e-6) - 1;
      this.flashes[column] = last < 0 ? -Infinity : starts[last];
      this.isHeld[column] = last >= 0 && long[last] === 1 && ends[last] > ms;
    });
    this.combo = lowerBound(this.chart.starts, ms + 1e-6);
  }
}

/** A person plays, from `fromMs` on. */
export class TestPlay {
  isAuto = false;

  constructor(chart, { rate, fromMs }) {
    this.fromMs = fromMs;
    this.judge = new Judge(chart, { rate, fromMs });
    this.states = chart.columns.map(({ starts }) => Uint8Array.from(starts, (start) => (start < fromMs ? HIT : 0)));
    this.flashes = new Float64Array(chart.keys).fill(-Infinity);
    this.isHeld = new Array(chart.keys).fill(false);
    this.judgement = null;
  }

  get combo() {
    return this.judge.combo;
  }

  press(column, ms) {
    this.isHeld[column] = true;
    this.#take(this.judge.press(column, ms));
  }

  release(column, ms) {
    if (!this.isHeld[column]) return;
    this.isHeld[column] = false;
    this.flashes[column] = ms;
    this.#take(this.judge.release(column, ms));
  }

  advance(ms) {
    this.#take(this.judge.advance(ms));
  }

  #take(results) {
    for (const result of results) {
      const { column, judgement } = result;
      this.states[column][this.judge.lanes[column].next - 1] = judgement === "miss" ? MISSED : HIT;
      this.judgement = result;
    }
  }
}
