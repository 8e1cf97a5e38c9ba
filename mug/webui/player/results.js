/** The results of test play: counts, accuracy and a histogram of the errors. */

import { JUDGEMENTS, errorStatistics } from "./judge.js";

const NAMES = { max: "MAX", miss: "Miss" };

/** Numbers to show and to send on: {accuracy, max_combo, notes, counts, mean_ms, deviation_ms, unstable_rate}. */
export function resultOf(judge) {
  const found = errorStatistics(judge.errors);
  return {
    accuracy: judge.accuracy,
    max_combo: judge.maxCombo,
    notes: judge.judged,
    counts: { ...judge.counts },
    mean_ms: found?.mean ?? null,
    deviation_ms: found?.deviation ?? null,
    unstable_rate: found?.unstableRate ?? null,
  };
}

/** How many errors fall into each bin of `binMs`, for -limitMs..limitMs; the bin in the middle is around 0. */
export function histogramOf(errors, binMs, limitMs) {
  const side = Math.ceil(limitMs / binMs);
  const bins = new Array(2 * side + 1).fill(0);
  for (const error of errors) bins[Math.max(-side, Math.min(side, Math.round(error / binMs))) + side]++;
  return bins;
}

/** Fill the results panel. `colour(name)` returns a colour of the theme. */
export function showResults(panel, judge, colour) {
  const result = resultOf(judge);
  const text = (selector, value) => (panel.querySelector(selector).textContent = value);
  text(".accuracy-figure", `${(100 * result.accuracy).toFixed(2)} %`);
  text(".combo-figure", `${result.max_combo}×`);
  text(".rate-figure", result.unstable_rate === null ? "–" : result.unstable_rate.toFixed(1));
  text(".mean-figure", result.mean_ms === null ? "–" : `${withSign(result.mean_ms)} ms`);
  text(".deviation-figure", result.deviation_ms === null ? "–" : `${result.deviation_ms.toFixed(1)} ms`);
  panel.querySelector(".counts").replaceChildren(...countItems(result.counts));
  drawHistogram(panel.querySelector("canvas"), judge, colour);
  return result;
}

/** Counts of judgements as list items. */
export function countItems(counts) {
  return JUDGEMENTS.map((name) => {
    const item = document.createElement("li");
    item.className = `judge-${name}`;
    const count = document.createElement("b");
    count.textContent = counts[name];
    item.append(NAMES[name] ?? name, " ", count);
    return item;
  });
}

function withSign(ms) {
  return `${ms > 0 ? "+" : ms < 0 ? "−" : ""}${Math.abs(ms).toFixed(1)}`;
}

function drawHistogram(canvas, judge, colour) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const limit = judge.windows[100];
  const binMs = 4;
  const bins = histogramOf(judge.errors, binMs, limit);
  const most = Math.max(1, ...bins);
  const step = width / bins.length;
  const foot = height - 18;
  const centre = (bins.length - 1) / 2;
  bins.forEach((count, i) => {
    const error = Math.abs(i - centre) * binMs;
    const name = JUDGEMENTS.find((each) => error <= judge.windows[each]) ?? "miss";
    context.fillStyle = colour(`judge-${name}`);
    const tall = (count / most) * (foot - 6);
    context.fillRect(i * step + 0.5, foot - tall, Math.max(1, step - 1), count ? Math.max(2, tall) : 0);
  });
  context.fillStyle = colour("text-dim");
  context.fillRect(0, foot, width, 1);
  context.fillRect(width / 2 - 0.5, 0, 1, foot + 4);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "bottom";
  for (const [align, x, label] of [
    ["left", 0, `${limit} ms early`],
    ["center", width / 2, "0"],
    ["right", width, `${limit} ms late`],
  ]) {
    context.textAlign = align;
    context.fillText(label, x, height);
  }
}
