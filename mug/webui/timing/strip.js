/**
 * The song's waveform around the playing position, which stays in the middle, with the lines of the grid over it. A
 * drag of a line moves it; a drag beside the lines, or the wheel, moves through the song; with Ctrl the wheel zooms.
 */

import { lowerBound } from "../player/chart.js";
import { loudest } from "../player/waveform.js";

const ZOOM = { closest: 0.5, furthest: 40, usual: 8 }; // ms to a pixel
const SAMPLES_BELOW = 4; // ms to a pixel: closer up the samples themselves are drawn
const GRAB_PX = { mouse: 5, touch: 14 };
const LABEL_PX = 44;
const COLOURS = ["ground", "wave", "beat", "measure", "line", "text", "text-dim", "focus"];

export class Strip extends EventTarget {
  #drag = null; // {x, ms, line: ms of the line that is dragged, or null, whole: the grid moves with it}

  /** scene() gives {ms, lines, points, peaks, buffer} at any time. Events: "line", "scrub", "zoom", "drop". */
  constructor(root, scene) {
    super();
    [this.root, this.canvas, this.scene] = [root, root.querySelector("canvas"), scene];
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.msPerPx = ZOOM.usual;
    this.colours = {};
    root.addEventListener("pointerdown", (event) => this.#press(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", () => this.#lift());
    root.addEventListener("pointercancel", () => this.#lift());
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** The time at a place of the strip, in pixels from its left. */
  msOf(x) {
    return this.scene().ms + (x - this.canvas.clientWidth / 2) * this.msPerPx;
  }

  /** Look closer (steps > 0) or from further away. */
  zoom(steps) {
    const wanted = this.msPerPx / 2 ** (steps / 2);
    this.msPerPx = Math.min(ZOOM.furthest, Math.max(ZOOM.closest, wanted));
    this.#emit("zoom");
  }

  /** Fit the canvas to its place and the page's colours. */
  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.root);
    for (const name of COLOURS) this.colours[name] = style.getPropertyValue(`--${name}`).trim();
  }

  draw() {
    const { context, colours, canvas } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, width, height);
    this.#drawWave(width, height);
    this.#drawLines(width, height);
    context.fillStyle = colours.focus;
    context.fillRect(Math.round(width / 2) - 1, 0, 2, height);
  }

  #drawWave(width, height) {
    const { context, msPerPx } = this;
    const { peaks, buffer } = this.scene();
    if (!buffer) return;
    const middle = height / 2 + 8;
    const room = height / 2 - 12;
    const samples = msPerPx < SAMPLES_BELOW ? buffer.getChannelData(0) : null;
    context.fillStyle = this.colours.wave;
    const leftMs = this.msOf(0);
    for (let x = 0; x < width; x++) {
      const [from, to] = [leftMs + x * msPerPx, leftMs + (x + 1) * msPerPx];
      if (to < 0 || from > buffer.duration * 1000) continue;
      const [low, high] = samples ? extremes(samples, buffer.sampleRate, from, to) : mirrored(loudest(peaks, from, to));
      context.fillRect(x, middle - high * room - 0.5, 1, (high - low) * room + 1);
    }
  }

  #drawLines(width, height) {
    const { context, colours } = this;
    const { lines, points } = this.scene();
    const leftMs = this.msOf(0);
    const xOf = (ms) => Math.round((ms - leftMs) / this.msPerPx);
    const until = this.msOf(width + LABEL_PX);
    const isClose = this.msPerPx < 25;
    context.font = "600 11px system-ui, sans-serif";
    context.textBaseline = "top";
    for (let i = lowerBound(lines.times, this.msOf(-LABEL_PX)); i < lines.times.length && lines.times[i] < until; i++) {
      const x = xOf(lines.times[i]);
      if (lines.isMeasure[i]) {
        context.fillStyle = colours.measure;
        context.fillRect(x - 1, 0, 2, height);
        context.fillStyle = colours["text-dim"];
        if (isClose) context.fillText(String(lines.numbers[i]), x + 4, height - 14);
      } else if (isClose) {
        context.fillStyle = colours.beat;
        context.fillRect(x, 18, 1, height - 18);
      }
    }
    for (const point of points) {
      const x = xOf(point.time_ms);
      if (x < -LABEL_PX * 2 || x > width) continue;
      context.fillStyle = colours.line;
      context.fillRect(x - 1, 0, 2, height);
      context.fillStyle = colours.text;
      context.fillText(`${Number((60000 / point.beat_ms).toFixed(2))}`, x + 5, 3);
    }
  }

  /** The line of the grid near a place of the strip, in ms; null for none. */
  lineNear(x, reachPx) {
    const { lines } = this.scene();
    const ms = this.msOf(x);
    const i = lowerBound(lines.times, ms);
    const near = [lines.times[i - 1], lines.times[i]].filter((time) => Math.abs(time - ms) <= reachPx * this.msPerPx);
    return near.length ? near.reduce((a, b) => (Math.abs(b - ms) < Math.abs(a - ms) ? b : a)) : null;
  }

  #xOf(event) {
    return event.clientX - this.canvas.getBoundingClientRect().left;
  }

  #press(event) {
    if (event.button !== 0) return;
    this.root.setPointerCapture(event.pointerId);
    const x = this.#xOf(event);
    const line = this.lineNear(x, event.pointerType === "mouse" ? GRAB_PX.mouse : GRAB_PX.touch);
    this.#drag = { x, ms: this.scene().ms, line, whole: event.shiftKey, moved: false };
  }

  #move(event) {
    const x = this.#xOf(event);
    if (!this.#drag) {
      this.root.classList.toggle("on-line", this.lineNear(x, GRAB_PX.mouse) !== null);
      return;
    }
    const { x: startX, ms, line, whole } = this.#drag;
    if (!this.#drag.moved && Math.abs(x - startX) < 2) return;
    const isFirst = !this.#drag.moved;
    this.#drag.moved = true;
    const byMs = (x - startX) * this.msPerPx;
    if (line === null) this.#emit("scrub", { ms: ms - byMs });
    else this.#emit("line", { ms: line, toMs: line + byMs, whole, isFirst });
  }

  #lift() {
    const wasDragged = this.#drag?.moved && this.#drag.line !== null;
    this.#drag = null;
    if (wasDragged) this.#emit("drop");
  }

  #wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) this.zoom(event.deltaY < 0 ? 1 : -1);
    else this.#emit("scrub", { ms: this.scene().ms + (event.deltaX + event.deltaY) * this.msPerPx });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const mirrored = (peak) => [-peak, peak];

/** The lowest and highest sample of fromMs..toMs. */
function extremes(samples, sampleRate, fromMs, toMs) {
  const first = Math.max(0, Math.floor((fromMs / 1000) * sampleRate));
  const end = Math.min(samples.length, Math.ceil((toMs / 1000) * sampleRate) + 1);
  let [low, high] = [0, 0];
  for (let i = first; i < end; i++) {
    if (samples[i] < low) low = samples[i];
    if (samples[i] > high) high = samples[i];
  }
  return [low, high];
}
