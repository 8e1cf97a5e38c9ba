/** The loudness of a song over time, computed once from its samples. Pure. */

export const BUCKET_MS = 2;

/** The largest absolute sample of each BUCKET_MS of an AudioBuffer, over its channels; the loudest is scaled to 1. */
export function peaksOf(buffer) {
  const perBucket = (BUCKET_MS * buffer.sampleRate) / 1000;
  const peaks = new Float32Array(Math.ceil(buffer.length / perBucket));
  let loudest = 1e-6;
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let bucket = 0; bucket < peaks.length; bucket++) {
      const end = Math.min(samples.length, Math.round((bucket + 1) * perBucket));
      let peak = peaks[bucket];
      for (let i = Math.round(bucket * perBucket); i < end; i++) {
        const size = samples[i] < 0 ? -samples[i] : samples[i];
        if (size > peak) peak = size;
      }
      peaks[bucket] = peak;
      if (peak > loudest) loudest = peak;
    }
  }
  for (let bucket = 0; bucket < peaks.length; bucket++) peaks[bucket] /= loudest;
  return peaks;
}

/** The loudest bucket of fromMs..toMs, 0 outside of the song. */
export function loudest(peaks, fromMs, toMs) {
  const end = Math.min(peaks.length - 1, Math.floor(toMs / BUCKET_MS));
  let peak = 0;
  for (let i = Math.max(0, Math.floor(fromMs / BUCKET_MS)); i <= end; i++) if (peaks[i] > peak) peak = peaks[i];
  return peak;
}
