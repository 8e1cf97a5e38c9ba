/**
 * The time that is heard now, on the axis of an AudioContext.
 *
 * `currentTime` is the time of what is being computed and moves in steps of a hardware buffer. What is heard is older
 * by the output latency. The context's own pair of timestamps says both; where a browser has none or a wrong one, the
 * reported latency is subtracted. Readings are noisy by a few ms, so their offset from the page's clock is smoothed.
 */

const SMOOTHING = 0.08;
const JUMP_S = 0.05; // a larger difference is a change (a suspended context, another device), not noise

export class OutputClock {
  constructor(context) {
    this.context = context;
    this.offset = null; // heard time minus page time, in seconds
  }

  /** The context time that is heard at page time `now` (ms, as performance.now()). */
  heard(now = performance.now()) {
    if (this.context.state !== "running") return this.context.currentTime;
    const measured = this.#measure(now) - now / 1000;
    if (this.offset === null || Math.abs(measured - this.offset) > JUMP_S) this.offset = measured;
    else this.offset += SMOOTHING * (measured - this.offset);
    return now / 1000 + this.offset;
  }

  #measure(now) {
    const { currentTime, outputLatency = 0, baseLatency = 0 } = this.context;
    const stamp = this.context.getOutputTimestamp?.();
    if (stamp?.contextTime > 0 && stamp.performanceTime > 0) {
      const heard = stamp.contextTime + (now - stamp.performanceTime) / 1000;
      if (heard <= currentTime + 0.02 && heard > currentTime - 1) return heard;
    }
    return currentTime - (outputLatency || baseLatency);
  }
}
