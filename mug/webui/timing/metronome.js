/** A click on each beat of the grid, another one where a measure begins, scheduled on the audio clock. */

import { HitSounds } from "../player/hit-sounds.js";

const CLICK_S = 0.045;
const PITCHES = { beat: 1000, first: 1600 }; // Hz

function beep(context, pitch) {
  const buffer = context.createBuffer(1, Math.round(CLICK_S * context.sampleRate), context.sampleRate);
  const samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i++) {
    const t = i / context.sampleRate;
    samples[i] = Math.sin(2 * Math.PI * pitch * t) * Math.exp(-t / 0.011);
  }
  return buffer;
}

export class Metronome {
  constructor(song) {
    this.beats = new HitSounds(song, beep(song.context, PITCHES.beat));
    this.firsts = new HitSounds(song, beep(song.context, PITCHES.first));
    this.setOn(false);
  }

  get isOn() {
    return this.beats.isOn;
  }

  setOn(isOn) {
    for (const clicks of [this.beats, this.firsts]) clicks.setOn(isOn);
  }

  /** volume: 0 to 1. */
  setVolume(volume) {
    for (const clicks of [this.beats, this.firsts]) clicks.output.gain.value = volume ** 2;
  }

  /** lines: as of beatLines (chart.js), at positions in the song. */
  setLines({ times, isMeasure }) {
    this.beats.setMoments(Float64Array.from(times.filter((_, i) => !isMeasure[i])));
    this.firsts.setMoments(Float64Array.from(times.filter((_, i) => isMeasure[i])));
  }

  close() {
    for (const clicks of [this.beats, this.firsts]) clicks.close();
  }
}
