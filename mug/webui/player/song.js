/**
 * The song: decoding, playing, seeking and rates, on the audio clock. Positions are ms of the audio file.
 *
 * A rate other than 1 plays a copy of the song that was stretched with its pitch kept, so a position is always
 * start + rate * (heard time - start time), exact to the sample. Without audio the clock runs all the same.
 */

import { OutputClock } from "./clock.js";

const LEAD_S = 0.05; // between asking for sound and its start
const FADE_S = 0.008;

let playing = null; // of all songs of the page, the one that plays or did last

export class Song extends EventTarget {
  #source = null; // {node, gain}: what plays now
  #stretched = null; // {rate, buffer}: the last stretched copy
  #worker = null;
  #anchor = { ms: 0, at: 0 }; // at context time `at`, `ms` is heard
  #token = 0;

  constructor() {
    super();
    this.context = new AudioContext({ latencyHint: "interactive" });
    this.clock = new OutputClock(this.context);
    this.output = this.context.createGain();
    this.output.connect(this.context.destination);
    this.buffer = null;
    this.isPlaying = false;
    this.rate = 1;
    this.lengthMs = 0;
  }

  /** Decode the file at `url`. Throws an Error in words for a file that cannot be fetched or decoded. */
  async load(url) {
    const token = ++this.#token;
    this.pause();
    this.#forget();
    if (!url) return;
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`the song could not be loaded (${answer.status})`);
    const bytes = await answer.arrayBuffer();
    let buffer;
    try {
      buffer = await this.context.decodeAudioData(bytes);
    } catch {
      throw new Error("this browser cannot play the song's format");
    }
    if (token !== this.#token) return; // another song was asked for meanwhile
    this.buffer = buffer;
    this.lengthMs = buffer.duration * 1000;
  }

  positionMs(now = performance.now()) {
    if (!this.isPlaying) return this.#anchor.ms;
    const since = Math.max(0, this.clock.heard(now) - this.#anchor.at);
    return this.#anchor.ms + since * 1000 * this.rate;
  }

  /** The context time at which a position is heard, while the song plays. */
  contextTimeOf(ms) {
    return this.#anchor.at + (ms - this.#anchor.ms) / 1000 / this.rate;
  }

  async play() {
    if (this.isPlaying) return;
    await this.context.resume();
    if (this.isPlaying) return;
    if (playing !== this) playing?.pause();
    playing = this;
    this.isPlaying = true;
    this.#start(this.#anchor.ms);
    this.dispatchEvent(new Event("play"));
  }

  pause() {
    if (!this.isPlaying) return;
    const ms = this.positionMs();
    this.isPlaying = false;
    this.#stop(this.context.currentTime);
    this.#anchor = { ms, at: 0 };
    this.dispatchEvent(new Event("pause"));
  }

  seek(ms) {
    if (this.isPlaying) this.#start(ms);
    else this.#anchor = { ms, at: 0 };
    this.dispatchEvent(new Event("seek"));
  }

  /** Play at another rate; resolves when it is heard. A long song takes a second or two to stretch. */
  async setRate(rate) {
    const token = ++this.#token;
    if (rate !== 1 && this.buffer && this.#stretched?.rate !== rate) {
      const stretched = await this.#stretch(rate);
      if (token !== this.#token) return;
      this.#stretched = stretched;
    }
    const ms = this.positionMs();
    this.rate = rate;
    if (this.isPlaying) this.#start(ms);
    else this.#anchor = { ms, at: 0 };
    this.dispatchEvent(new Event("rate"));
  }

  close() {
    this.#token++;
    this.pause();
    this.#forget();
    this.context.close();
  }

  #forget() {
    this.buffer = null;
    this.#stretched = null;
    this.#worker?.terminate();
    this.#worker = null;
    this.lengthMs = 0;
    this.rate = 1;
    this.#anchor = { ms: 0, at: 0 };
  }

  #start(ms) {
    const at = this.context.currentTime + LEAD_S;
    this.#stop(at);
    this.#anchor = { ms, at };
    const buffer = this.rate === 1 ? this.buffer : this.#stretched?.buffer;
    if (!buffer || ms >= this.lengthMs) return;
    const node = this.context.createBufferSource();
    const gain = this.context.createGain();
    node.buffer = buffer;
    node.connect(gain).connect(this.output);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(1, at + FADE_S);
    node.start(ms < 0 ? this.contextTimeOf(0) : at, Math.max(0, ms) / 1000 / this.rate);
    this.#source = { node, gain };
  }

  #stop(at) {
    if (!this.#source) return;
    const { node, gain } = this.#source;
    gain.gain.cancelScheduledValues(at);
    gain.gain.setValueAtTime(1, at);
    gain.gain.linearRampToValueAtTime(0, at + FADE_S);
    node.stop(at + FADE_S);
    this.#source = null;
  }

  #stretch(rate) {
    if (!this.#worker) {
      this.#worker = new Worker(new URL("./stretch-worker.js", import.meta.url), { type: "module" });
      const channels = Array.from({ length: this.buffer.numberOfChannels }, (_, c) => this.buffer.getChannelData(c));
      this.#worker.postMessage({ channels: channels.slice(0, 2), sampleRate: this.buffer.sampleRate });
    }
    const worker = this.#worker;
    const sampleRate = this.buffer.sampleRate;
    return new Promise((resolve) => {
      const take = ({ data }) => {
        if (data.rate !== rate) return;
        worker.removeEventListener("message", take);
        const buffer = this.context.createBuffer(data.channels.length, data.channels[0].length, sampleRate);
        data.channels.forEach((channel, c) => buffer.copyToChannel(channel, c));
        resolve({ rate, buffer });
      };
      worker.addEventListener("message", take);
      worker.postMessage({ rate });
    });
  }
}
