/** Stretches a song off the main thread. In: {channels, sampleRate} once, then {rate}; out: {rate, channels}. */

import { stretch } from "./stretch.js";

let song = null;

self.onmessage = ({ data }) => {
  if (data.channels) {
    song = data;
    return;
  }
  const channels = stretch(song.channels, song.sampleRate, data.rate);
  self.postMessage(
    { rate: data.rate, channels },
    channels.map((channel) => channel.buffer),
  );
};
