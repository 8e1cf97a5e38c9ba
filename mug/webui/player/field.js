/** The playfield: draws the part of a chart around a moment on a canvas. Only visible notes are touched. */

import { lowerBound } from "./chart.js";
import { columnKind, layoutOf, scrollScale } from "./lanes.js";
import { loudest } from "./waveform.js";

const FLASH_MS = 140;
const JUDGEMENT_MS = 450;
const COLOURS = [
  ...[
    "ground",
    "lane",
    "lane-edge",
    "beat",
    "measure",
    "text-dim",
    "wave",
    "line",
    "selection",
    "flash",
    "density",
    "star-lightness",
  ],
  ...["outer", "inner", "centre", "outer-body", "inner-body", "centre-body"],
  ...["judge-max", "judge-300", "judge-200", "judge-100", "judge-50", "judge-miss"],
];
export const HIT = 1; // states of a note in test play
export const MISSED = 2;

export class Field {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.colours = {};
    this.layout = null;
  }

  /** Take the colours of the theme from the style sheet. */
  readColours() {
    const style = getComputedStyle(this.canvas);
    for (const name of COLOURS) this.colours[name] = style.getPropertyValue(`--${name}`).trim();
  }

  /** Fit the canvas to its box in device pixels. */
  resize(keys, settings) {
    const { clientWidth, clientHeight } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.layout = layoutOf(clientWidth, clientHeight, keys, settings);
  }

  /**
   * Draw the chart at `ms`. scene: {chart, lines, peaks, offsetMs, ms, rate, scrollSpeed, isAuto, states, isHeld,
   * flashes, judgement, combo, selection, columns, reducedMotion}.
   */
  draw(scene) {
    const { context, layout, colours } = this;
    const scale = scrollScale(layout, scene.scrollSpeed, scene.rate);
    const view = {
      ...scene,
      scale,
      y: (ms) => layout.lineY + layout.direction * (ms - scene.ms) * scale,
      fromMs: scene.ms - (layout.header + layout.noteHeight) / scale,
      toMs: scene.ms + (layout.travel + layout.noteHeight) / scale,
    };
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, layout.width, layout.height);
    this.#drawLanes(view);
    this.#drawLines(view);
    if (scene.peaks && layout.waveWidth) this.#drawWave(view);
    if (scene.combo > 1) this.#drawCombo(view);
    this.#drawFlashes(view);
    for (let column = 0; column < scene.chart.keys; column++) this.#drawColumn(view, column);
    this.#drawJudgementLine();
    if (scene.judgement) this.#drawJudgement(view);
  }

  laneX(column) {
    return this.layout.left + column * this.layout.laneWidth;
  }

  #drawLanes({ chart, selection, columns, y }) {
    const { context, layout, colours } = this;
    const width = layout.laneWidth * chart.keys;
    context.fillStyle = colours.lane;
    context.fillRect(layout.left, 0, width, layout.height);
    if (selection) {
      const [a, b] = [y(selection.from_ms), y(selection.to_ms)];
      const [top, bottom] = [Math.max(0, Math.min(a, b)), Math.min(layout.height, Math.max(a, b))];
      context.fillStyle = colours.selection;
      if (columns.length === 0) context.fillRect(layout.left, top, width, bottom - top);
      for (const column of columns) context.fillRect(this.laneX(column), top, layout.laneWidth, bottom - top);
    }
    context.fillStyle = colours["lane-edge"];
    for (let column = 0; column <= chart.keys; column++)
      context.fillRect(this.laneX(column) - 0.5, 0, 1, layout.height);
  }

  #drawLines({ lines, fromMs, toMs, y, scale }) {
    const { context, layout, colours } = this;
    const last = lowerBound(lines.times, toMs);
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    const beatPx = this.#beatPx(lines, last, scale);
    const right = layout.left + layout.laneWidth * layout.keys;
    for (let i = lowerBound(lines.times, fromMs); i < last; i++) {
      if (!lines.isMeasure[i] && beatPx < 5) continue; // a blur
      const at = Math.round(y(lines.times[i]));
      const [top, thick] = lines.isMeasure[i] ? [at - 1, 2] : [at, 1];
      context.fillStyle = lines.isMeasure[i] ? colours.measure : colours.beat;
      context.fillRect(layout.left, top, right - layout.left, thick);
      if (layout.waveWidth) context.fillRect(layout.waveLeft, top, layout.waveWidth, thick);
      if (lines.isMeasure[i]) {
        context.fillStyle = colours["text-dim"];
        context.fillText(String(lines.numbers[i]), layout.left - 6, at);
      }
    }
  }

  #beatPx(lines, last, scale) {
    const i = Math.min(last, lines.times.length - 1);
    return i > 0 ? (lines.times[i] - lines.times[i - 1]) * scale : Infinity;
  }

  #drawWave({ peaks, ms, scale, offsetMs }) {
    const { context, layout, colours } = this;
    const centre = layout.waveLeft + layout.waveWidth / 2;
    const stepMs = 1 / scale;
    context.fillStyle = colours.wave;
    context.beginPath();
    for (let row = 0; row < layout.height; row++) {
      const songMs = ms + offsetMs + ((row - layout.lineY) * layout.direction) / scale;
      const half = (loudest(peaks, songMs, songMs + stepMs) * layout.waveWidth) / 2;
      if (half > 0.3) context.rect(centre - half, row, 2 * half, 1);
    }
    context.fill();
  }

  #drawFlashes({ ms, rate, flashes, chart, isHeld, reducedMotion }) {
    const { context, layout, colours } = this;
    const depth = Math.min(190, layout.travel * 0.4);
    for (let column = 0; column < chart.keys; column++) {
      const age = (ms - flashes[column]) / rate;
      const strength = isHeld[column] ? 1 : reducedMotion || age < 0 ? 0 : 1 - age / FLASH_MS;
      if (!(strength > 0)) continue;
      const fade = context.createLinearGradient(0, layout.lineY, 0, layout.lineY + layout.direction * depth);
      fade.addColorStop(0, colours.flash);
      fade.addColorStop(1, "transparent");
      context.globalAlpha = 0.75 * strength;
      context.fillStyle = fade;
      const top = layout.direction < 0 ? layout.lineY - depth : layout.lineY;
      context.fillRect(this.laneX(column) + 1, top, layout.laneWidth - 2, depth);
      context.globalAlpha = 1;
    }
  }

  #drawColumn({ chart, fromMs, toMs, y, ms, isAuto, states, isHeld }, column) {
    const { context, layout, colours } = this;
    const { starts, ends, long } = chart.columns[column];
    const [first, last] = chart.columns[column].within(fromMs, toMs);
    const kind = columnKind(column, chart.keys);
    const inset = layout.laneWidth > 30 ? 3 : 1;
    const x = this.laneX(column) + inset;
    const width = layout.laneWidth - 2 * inset;
    const height = layout.noteHeight;
    const headTop = layout.direction < 0 ? -height : 0; // a note reaches the line with its front edge
    const shade = Math.max(2, Math.round(height * 0.18));
    for (let i = first; i < last; i++) {
      const state = states?.[column][i] ?? 0;
      if (state === HIT || (isAuto && ends[i] <= ms)) continue;
      context.globalAlpha = state === MISSED ? 0.3 : 1;
      const held = long[i] && starts[i] < ms && ends[i] > ms && (isAuto || isHeld[column]);
      const head = y(held ? ms : starts[i]);
      if (long[i]) {
        const tail = y(ends[i]);
        context.fillStyle = colours[`${kind}-body`];
        context.fillRect(x + width * 0.08, Math.min(head, tail), width * 0.84, Math.abs(tail - head));
        context.fillStyle = colours[kind];
        context.fillRect(x + width * 0.08, tail - 1.5, width * 0.84, 3);
      }
      context.fillStyle = colours[kind];
      context.fillRect(x, head + headTop, width, height);
      context.fillStyle = "rgba(255, 255, 255, 0.45)";
      context.fillRect(x, head + headTop, width, shade);
    }
    context.globalAlpha = 1;
  }

  #drawJudgementLine() {
    const { context, layout, colours } = this;
    context.fillStyle = colours.line;
    const top = layout.direction < 0 ? layout.lineY : layout.lineY - 3;
    context.fillRect(layout.left, top, layout.laneWidth * layout.keys, 3);
  }

  #drawJudgement({ judgement, ms, rate, reducedMotion }) {
    const age = (ms - judgement.timeMs) / rate;
    if (age < 0 || age > JUDGEMENT_MS) return;
    const { context, layout, colours } = this;
    const grow = reducedMotion ? 1 : 1 + 0.18 * Math.max(0, 1 - age / 90);
    context.globalAlpha = Math.min(1, (JUDGEMENT_MS - age) / 150);
    context.font = `800 ${Math.round(30 * grow)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours[`judge-${judgement.judgement}`];
    const x = layout.left + (layout.laneWidth * layout.keys) / 2;
    const y = layout.lineY + layout.direction * layout.travel * 0.32;
    const text = { max: "MAX", miss: "Miss" }[judgement.judgement] ?? judgement.judgement;
    context.fillText(text, x, y);
    if (judgement.errorMs && judgement.judgement !== "max") {
      context.font = "600 13px system-ui, sans-serif";
      context.fillText(
        judgement.errorMs < 0 ? `${-judgement.errorMs} ms early` : `${judgement.errorMs} ms late`,
        x,
        y + 26,
      );
    }
    context.globalAlpha = 1;
  }

  #drawCombo({ combo }) {
    const { context, layout, colours } = this;
    context.font = "300 40px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours["text-dim"];
    const x = layout.left + (layout.laneWidth * layout.keys) / 2;
    context.fillText(String(combo), x, layout.lineY + layout.direction * layout.travel * 0.48);
  }
}
