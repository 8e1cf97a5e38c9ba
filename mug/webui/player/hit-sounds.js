/** Clicks at the notes, scheduled ahead on the audio clock so that they are as exact as the song itself. */

import { lowerBound } from "./chart.js";

const AHEAD_S = 0.2;
const EVERY_MS = 40;
const CLICK_S = 0.05;

function clickBuffer(context) {
  const buffer = context.createBuffer(1, Math.round(CLICK_S * context.sampleRate), context.sampleRate);
  const samples = buffer.getChannelData(0);
  let noise = 1;
  for (let i = 0; i < samples.length; i++) {
    const t = i / context.sampleRate;
    noise = (noise * 16807) % 2147483647;
    const wood =
      Math.sin(2 * Math.PI * 1150 * t) * Math.exp(-t / 0.009) +
      0.4 * Math.sin(2 * Math.PI * 2700 * t) * Math.exp(-t / 0.004);
    samples[i] = 0.7 * wood + 0.25 * (noise / 1073741823.5 - 1) * Math.exp(-t / 0.0025);
  }
  return buffer;
}

export class HitSounds {
  #click;
  #scheduled = new Set();
  #next = 0;
  #timer = null;

  /** click: the sound, an AudioBuffer. */
  constructor(song, click = clickBuffer(song.context)) {
    this.song = song;
    this.momentsMs = new Float64Array(0);
    this.isOn = true;
    this.output = song.context.createGain();
    this.output.connect(song.context.destination);
    this.#click = click;
    for (const event of ["play", "seek", "rate"]) song.addEventListener(event, () => this.#restart());
    song.addEventListener("pause", () => this.#cancel());
  }

  /** Click at these positions in the song, sorted. */
  setMoments(momentsMs) {
    this.momentsMs = momentsMs;
    this.#restart();
  }

  setOn(isOn) {
    this.isOn = isOn;
    this.#restart();
  }

  /** Click now, for a key that was pressed. */
  now() {
    this.#clickAt(0);
  }

  close() {
    this.#cancel();
  }

  #restart() {
    this.#cancel();
    if (!this.song.isPlaying || !this.isOn) return;
    this.#next = lowerBound(this.momentsMs, this.song.positionMs() - 1);
    this.#timer = setInterval(() => this.#schedule(), EVERY_MS);
    this.#schedule();
  }

  #schedule() {
    const now = this.song.context.currentTime;
    while (this.#next < this.momentsMs.length) {
      const at = this.song.contextTimeOf(this.momentsMs[this.#next]);
      if (at > now + AHEAD_S) break;
      if (at > now - 0.005) this.#clickAt(at);
      this.#next++;
    }
  }

  #clickAt(at) {
    const node = this.song.context.createBufferSource();
    node.buffer = this.#click;
    node.connect(this.output);
    node.onended = () => this.#scheduled.delete(node);
    this.#scheduled.add(node);
    node.start(at);
  }

  #cancel() {
    clearInterval(this.#timer);
    for (const node of this.#scheduled) node.stop();
    this.#scheduled.clear();
  }
}
