/**
 * The bar under the player: difficulty and density over the whole song, measures, findings, the position and the
 * selected range. A click seeks; a drag selects, from beat to beat.
 */

import { beatLines, lowerBound } from "./chart.js";

const DRAG_PX = 5; // a shorter way is a click
const LABEL_PX = 46; // between numbers of measures
const STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
// Stars and their colours, from easy to hard.
const STAR_COLOURS = [
  [0, 214],
  [2, 172],
  [3, 130],
  [4, 50],
  [5, 16],
  [6, 340],
  [7, 300],
  [9, 262],
];

/** A time as 1:02.3, or 1:02 without tenths. */
export function timeText(ms, tenths = false) {
  const seconds = Math.max(0, ms) / 1000;
  const rest = tenths
    ? ((Math.floor(seconds * 10) / 10) % 60).toFixed(1).padStart(4, "0")
    : String(Math.floor(seconds % 60)).padStart(2, "0");
  return `${Math.floor(seconds / 60)}:${rest}`;
}

/** The colour of a difficulty. */
export function starColour(stars, lightness) {
  let i = STAR_COLOURS.findIndex(([upTo]) => stars <= upTo);
  if (i < 0) i = STAR_COLOURS.length - 1;
  const [[a, hueA], [b, hueB]] = [STAR_COLOURS[Math.max(0, i - 1)], STAR_COLOURS[i]];
  const turn = ((hueB - hueA + 540) % 360) - 180;
  const hue = b > a ? hueA + turn * Math.min(1, (stars - a) / (b - a)) : hueA;
  return `hsl(${hue} 68% ${lightness}%)`;
}

export class Overview {
  #drag = null;

  constructor(root, player) {
    this.root = root;
    this.player = player;
    this.canvas = root.querySelector("canvas");
    this.range = root.querySelector(".range");
    this.head = root.querySelector(".head");
    this.marks = root.querySelector(".marks");
    this.readout = root.querySelector(".readout");
    this.chart = null;
    this.lengthMs = 1;
    root.addEventListener("pointerdown", (event) => this.#press(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", (event) => this.#lift(event));
    root.addEventListener("pointercancel", () => (this.#drag = null));
    root.addEventListener("pointerleave", () => (this.readout.hidden = true));
  }

  /** Show a chart. `lines`: its beat lines over the song. */
  show(chart, lines, lengthMs) {
    [this.chart, this.lines, this.lengthMs] = [chart, lines, Math.max(1, lengthMs)];
    this.root.setAttribute("aria-valuemax", Math.round(lengthMs / 1000));
    this.setFindings(chart.findings);
  }

  setFindings(findings) {
    this.marks.replaceChildren(
      ...findings
        .filter(({ time_ms }) => time_ms !== null)
        .map(({ time_ms, text, severity }) => {
          const mark = document.createElement("button");
          mark.className = `mark ${severity}`;
          mark.style.left = `${(100 * time_ms) / this.lengthMs}%`;
          mark.tabIndex = -1; // N leads from one to the next
          mark.title = `${timeText(time_ms)} ${text}`;
          mark.setAttribute("aria-label", `${severity} at ${timeText(time_ms)}: ${text}`);
          mark.addEventListener("pointerdown", (event) => event.stopPropagation());
          mark.addEventListener("click", () => this.player.seek(time_ms));
          return mark;
        }),
    );
  }

  setPosition(ms) {
    const share = Math.max(0, Math.min(1, ms / this.lengthMs));
    this.head.style.transform = `translateX(${(share * this.root.clientWidth).toFixed(1)}px)`;
  }

  /** Say the position to screen readers; not for every frame. */
  announce(ms) {
    this.root.setAttribute("aria-valuenow", Math.round(ms / 1000));
    this.root.setAttribute("aria-valuetext", `${timeText(ms)} of ${timeText(this.lengthMs)}`);
  }

  setRange(selection) {
    this.range.hidden = !selection;
    if (!selection) return;
    this.range.style.left = `${(100 * selection.from_ms) / this.lengthMs}%`;
    this.range.style.width = `${(100 * (selection.to_ms - selection.from_ms)) / this.lengthMs}%`;
  }

  /** Draw the curves. colours: {text, density, rule, lightness of the stars' colours in percent}. */
  draw(colours) {
    const { canvas, chart } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const foot = height - 15;
    if (chart) {
      this.#drawMeasures(context, width, foot, height, colours);
      if (chart.passages) this.#drawCurves(context, width, foot, colours);
    }
  }

  #drawMeasures(context, width, foot, height, colours) {
    const measures = [];
    this.lines.times.forEach(
      (time, i) => this.lines.isMeasure[i] && time >= 0 && measures.push([time, this.lines.numbers[i]]),
    );
    if (measures.length < 2) return;
    const spacing = width / measures.length;
    const step = STEPS.find((each) => each * spacing >= LABEL_PX) ?? STEPS.at(-1);
    context.font = "600 10px system-ui, sans-serif";
    context.textBaseline = "bottom";
    for (const [time, number] of measures) {
      if ((number - 1) % step) continue;
      const x = Math.round((time / this.lengthMs) * width);
      context.fillStyle = colours.rule;
      context.fillRect(x, 12, 1, height - 12);
      context.fillStyle = colours.text;
      context.fillText(String(number), x + 4, height - 1);
    }
    context.fillStyle = colours.rule;
    context.fillRect(0, foot, width, 1);
  }

  #drawCurves(context, width, foot, colours) {
    const { step_ms: stepMs, stars, density } = this.chart.passages;
    const room = foot - 16;
    const most = (values, least) => values.reduce((a, b) => (a > b ? a : b), least);
    const mostStars = most(stars ?? [], 2);
    const mostNotes = most(density, 4);
    const step = (stepMs / this.lengthMs) * width;
    stars?.forEach((value, i) => {
      const tall = (value / mostStars) * room;
      context.fillStyle = starColour(value, colours.lightness);
      context.fillRect(i * step, foot - tall, Math.max(1, step - (step > 4 ? 1 : 0)), tall);
    });
    context.beginPath();
    density.forEach((value, i) => context.lineTo((i + 0.5) * step, foot - (value / mostNotes) * room));
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.strokeStyle = colours.density;
    context.stroke();
  }

  #msAt(event) {
    const box = this.root.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * this.lengthMs;
  }

  /** The nearest beat of a time; the time itself for a chart without timing. */
  beatNear(ms) {
    const { times } = this.lines;
    const i = lowerBound(times, ms);
    const near = [times[i - 1], times[i]].filter((time) => time !== undefined);
    return near.length ? near.reduce((a, b) => (Math.abs(b - ms) < Math.abs(a - ms) ? b : a)) : ms;
  }

  #press(event) {
    if (event.button !== 0 || !this.chart) return;
    this.root.setPointerCapture(event.pointerId);
    this.#drag = { x: event.clientX, ms: this.#msAt(event), moved: false };
  }

  #move(event) {
    if (!this.chart) return;
    this.#showReadout(event);
    if (!this.#drag) return;
    this.#drag.moved ||= Math.abs(event.clientX - this.#drag.x) > DRAG_PX;
    if (this.#drag.moved) this.setRange(this.#dragged(event));
  }

  #lift(event) {
    const drag = this.#drag;
    if (!drag) return;
    const { from_ms: fromMs, to_ms: toMs } = this.#dragged(event);
    this.#drag = null;
    if (!drag.moved) this.player.seek(drag.ms);
    else if (toMs > fromMs) this.player.select({ from_ms: fromMs, to_ms: toMs, columns: this.player.columns });
  }

  #dragged(event) {
    const [a, b] = [this.beatNear(this.#drag.ms), this.beatNear(this.#msAt(event))];
    return { from_ms: Math.max(0, Math.min(a, b)), to_ms: Math.max(a, b) };
  }

  #showReadout(event) {
    const ms = this.#msAt(event);
    const { passages } = this.chart;
    const line = lowerBound(this.lines.times, ms + 0.5) - 1;
    let measure = 0;
    for (let i = line; i >= 0 && !measure; i--) measure = this.lines.numbers[i];
    const parts = [timeText(ms), measure ? `measure ${measure}` : ""];
    const i = passages ? Math.floor(ms / passages.step_ms) : -1;
    if (passages?.stars && i < passages.stars.length) parts.push(`${passages.stars[i].toFixed(1)} ★`);
    if (passages && i < passages.density.length) parts.push(`${passages.density[i].toFixed(1)} notes/s`);
    this.readout.textContent = parts.filter(Boolean).join("  ·  ");
    this.readout.hidden = false;
    const box = this.root.getBoundingClientRect();
    const x = Math.max(90, Math.min(box.width - 90, event.clientX - box.left));
    this.readout.style.left = `${x}px`;
  }
}
