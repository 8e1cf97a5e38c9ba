/**
 * Time stretching that keeps the pitch: WSOLA (Verhelst and Roelands, "An overlap-add technique based on waveform
 * similarity", ICASSP 1993). Pure.
 *
 * Output sample n shows the input around n * rate, never further away than SEARCH_S, so the clock of the chart stays
 * exact: nothing adds up over the song.
 */

const WINDOW_S = 0.032; // short, so that drums stay sharp
const SEARCH_S = 0.007; // less than half a frame at 60 Hz
const COARSE = 8; // samples between the places that are compared first

/**
 * channels: Float32Array per channel, all of one length. Returns channels of length round(length / rate). All channels
 * move together, by the similarity of their sum.
 */
export function stretch(channels, sampleRate, rate) {
  const length = channels[0].length;
  const hop = Math.round((WINDOW_S * sampleRate) / 2);
  const search = Math.round(SEARCH_S * sampleRate);
  const fade = Float32Array.from({ length: 2 * hop }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / hop));
  const outLength = Math.round(length / rate);
  const out = channels.map(() => new Float32Array(outLength));
  const mix = mixed(channels);
  let expected = 0; // where the input would go on by itself
  for (let at = 0; at < outLength; at += hop) {
    const wanted = Math.round((at + hop) * rate) - hop;
    const from = at === 0 ? wanted : mostAlike(mix, expected, wanted, search, hop);
    channels.forEach((channel, c) => addFaded(out[c], at, channel, from, fade, at === 0));
    expected = from + hop;
  }
  return out;
}

function mixed(channels) {
  if (channels.length === 1) return channels[0];
  const sum = Float32Array.from(channels[0]);
  for (const channel of channels.slice(1)) for (let i = 0; i < sum.length; i++) sum[i] += channel[i];
  return sum;
}

function addFaded(out, at, input, from, fade, isFirst) {
  const begin = Math.max(0, -from);
  const end = Math.min(fade.length, out.length - at, input.length - from);
  const half = fade.length / 2;
  for (let i = begin; i < end; i++) out[at + i] += input[from + i] * (isFirst && i < half ? 1 : fade[i]);
}

/** The place within `search` of `wanted` whose next `count` samples are most like those at `reference`. */
function mostAlike(mix, reference, wanted, search, count) {
  let best = wanted;
  let bestLikeness = -Infinity;
  const tryPlace = (place, step) => {
    let product = 0;
    let energy = 1e-9;
    const begin = Math.max(0, -place, -reference);
    const end = Math.min(count, mix.length - place, mix.length - reference);
    for (let i = begin; i < end; i += step) {
      product += mix[place + i] * mix[reference + i];
      energy += mix[place + i] * mix[place + i];
    }
    const likeness = product / Math.sqrt(energy);
    if (likeness > bestLikeness) {
      bestLikeness = likeness;
      best = place;
    }
  };
  for (let shift = -search; shift <= search; shift += COARSE) tryPlace(wanted + shift, 4);
  const coarse = best;
  bestLikeness = -Infinity;
  const high = Math.min(wanted + search, coarse + COARSE);
  for (let place = Math.max(wanted - search, coarse - COARSE); place <= high; place += 1) tryPlace(place, 2);
  return best;
}
