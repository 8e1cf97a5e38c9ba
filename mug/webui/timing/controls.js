/** The buttons, numbers and keys of the timing panel. */

import { timeText } from "../player/overview.js";
import { icon } from "../player/view.js";
import {
  bpmOf,
  nudged,
  timesTempo,
  withBpm,
  withMeter,
  withPointAt,
  withTime,
  withoutPoint,
} from "./grid.js";

const METERS = [3, 4, 5, 6, 7];
const MOST_LISTED = 200; // tempo changes
const rounded = (number, digits) => Number(number.toFixed(digits));

export class Controls {
  #timeText = "";

  constructor(panel, signal) {
    [this.panel, this.root] = [panel, panel.root];
    this.#listen(signal);
    this.update();
  }

  $(selector) {
    return this.root.querySelector(selector);
  }

  say(text) {
    this.$(".status").textContent = text;
  }

  showTaps(count, missing, fit) {
    const doubt = fit && `${rounded(60000 / fit.beat_ms, 2)} BPM, ± ${fit.doubt_bpm.toFixed(1)}, ${count} taps`;
    this.$(".tapped").textContent = doubt ?? `${missing} more`;
  }

  /** Show the state of the panel. */
  update() {
    const { panel } = this;
    const { points, current, isOwn } = panel;
    this.$(".bench").hidden = !panel.hasSong;
    this.$(".heard").textContent = panel.hasSong ? panel.heardText : "Drop a song first.";
    for (const [name, is] of [["up-to-model", !isOwn], ["this-timing", isOwn]]) {
      this.$(`.${name}`).setAttribute("aria-checked", is);
      this.$(`.${name}`).tabIndex = is ? 0 : -1;
    }
    this.$(".play").innerHTML = icon(panel.song.isPlaying ? "pause" : "play");
    this.$(".play").setAttribute("aria-label", panel.song.isPlaying ? "Pause" : "Play");
    this.$(".position").max = Math.max(1, panel.lengthMs);
    this.$(".metronome").setAttribute("aria-pressed", panel.metronome.isOn);
    this.$(".rate output").textContent = `${panel.song.rate}×`;
    this.$(".undo").disabled = !panel.canUndo;
    this.$(".together").hidden = points.length < 2;
    this.#showPoint(points[current]);
    this.#listPoints(points, current);
    this.tick(panel.positionMs);
  }

  #showPoint(point) {
    const isTyped = (input) => this.root.activeElement === input;
    if (!isTyped(this.$(".bpm"))) this.$(".bpm").value = rounded(bpmOf(point), 3);
    if (!isTyped(this.$(".first"))) this.$(".first").value = rounded(point.time_ms, 1);
    const meters = [...new Set([...METERS, point.meter])].sort((a, b) => a - b);
    this.$(".meter").replaceChildren(...meters.map((meter) => new Option(`${meter}/4`, meter)));
    this.$(".meter").value = point.meter;
  }

  #listPoints(points, current) {
    const items = points.slice(0, MOST_LISTED).map((point, i) => {
      const item = document.createElement("li");
      const text = `${timeText(point.time_ms, true)}  ${rounded(bpmOf(point), 2)} BPM, ${point.meter}/4`;
      item.append(this.#button(text, `Go to ${text}`, () => this.panel.seek(point.time_ms)));
      if (points.length > 1)
        item.append(this.#button("×", `Remove ${text}`, () => this.panel.edit((all) => withoutPoint(all, i))));
      if (i === current) item.setAttribute("aria-current", "true");
      return item;
    });
    this.$(".points").replaceChildren(...(points.length > 1 ? items : []));
  }

  #button(text, label, does) {
    const button = document.createElement("button");
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", does);
    return button;
  }

  /** Once a frame. */
  tick(ms) {
    const seconds = Math.max(0, ms) / 1000;
    const text = `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(3).padStart(6, "0")}`;
    if (text === this.#timeText) return;
    this.$(".time").textContent = this.#timeText = text;
    this.$(".position").value = ms;
    this.$(".position").setAttribute("aria-valuetext", timeText(ms));
    const items = this.$(".points").children;
    const { current } = this.panel;
    if (!items.length || items[current]?.hasAttribute("aria-current")) return;
    for (const item of items) item.removeAttribute("aria-current");
    items[current]?.setAttribute("aria-current", "true");
    this.#showPoint(this.panel.points[current]);
  }

  #listen(signal) {
    const { panel } = this;
    const on = (selector, event, does) => this.$(selector).addEventListener(event, does, { signal });
    for (const [selector, action] of Object.entries(CLICKS)) on(selector, "click", () => action(panel, this));
    on(".bpm", "change", ({ target }) => panel.edit((points) => withBpm(points, panel.current, target.valueAsNumber)));
    on(".first", "change", ({ target }) => this.#moveFirst(target.valueAsNumber));
    on(".meter", "change", ({ target }) => panel.edit((all) => withMeter(all, panel.current, Number(target.value))));
    on(".position", "input", ({ target }) => panel.seek(target.valueAsNumber));
    on(".volume input", "input", ({ target }) => panel.metronome.setVolume(target.valueAsNumber));
    on(".tap", "pointerdown", (event) => panel.tap(event.timeStamp));
    on(".tap", "click", (event) => event.detail === 0 && panel.tap(event.timeStamp)); // Enter and Space
    on(".modes", "keydown", (event) => this.#chooseByArrow(event));
    on(".timing", "keydown", (event) => this.#shortcut(event));
    panel.metronome.setVolume(this.$(".volume input").valueAsNumber);
    panel.metronome.setOn(true);
  }

  #moveFirst(ms) {
    if (Number.isFinite(ms)) this.panel.edit((points) => withTime(points, this.panel.current, ms));
  }

  /** Move the point at the playing position, or all of them. */
  nudge(byMs) {
    const { panel } = this;
    const isTogether = !this.$(".together").hidden && this.$(".together input").checked;
    panel.edit((points) => nudged(points, isTogether ? null : panel.current, byMs));
  }

  #chooseByArrow(event) {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    this.panel.choose(!this.panel.isOwn);
    this.$(".modes [aria-checked=true]").focus();
  }

  #shortcut(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || isForControl(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const code = event.shiftKey ? SHIFTED[event.code] : null;
    const action = code ?? KEYS[event.code] ?? KEYS[key];
    if (!action || !this.panel.hasSong) return;
    event.preventDefault();
    if (event.repeat && key === "t") return;
    action(this.panel, this, event);
  }
}

/** Whether a key press belongs to the element that has the focus. */
function isForControl(event) {
  const target = event.composedPath()[0];
  if (target.matches("select, input[type=number]")) return true;
  if (target.matches("input[type=range]")) return /^(Arrow|Home|End|Page)/.test(event.key);
  return target.matches("button, summary, input[type=checkbox]") && [" ", "Enter"].includes(event.key);
}

const bpmBy = (by) => (panel) =>
  panel.edit((points) => withBpm(points, panel.current, rounded(bpmOf(points[panel.current]) + by, 6)));
const times = (factor) => (panel) => panel.edit((points) => timesTempo(points, panel.current, factor));
const nudge = (byMs) => (_, controls) => controls.nudge(byMs);
const here = (panel) => panel.edit((points) => withTime(points, panel.current, panel.positionMs));
const metronome = (panel, controls) => {
  panel.metronome.setOn(!panel.metronome.isOn);
  controls.update();
};

const CLICKS = {
  ".up-to-model": (panel) => panel.choose(false),
  ".this-timing": (panel) => panel.choose(true),
  ".play": (panel) => panel.toggle(),
  ".metronome": metronome,
  ".rate .less": (panel) => panel.changeRate(-1),
  ".rate .more": (panel) => panel.changeRate(1),
  ".zoom .out": (panel) => panel.strip.zoom(-1),
  ".zoom .in": (panel) => panel.strip.zoom(1),
  ".bpm-minus-1": bpmBy(-1),
  ".bpm-minus": bpmBy(-0.01),
  ".bpm-plus": bpmBy(0.01),
  ".bpm-plus-1": bpmBy(1),
  ".half": times(0.5),
  ".double": times(2),
  ".minus-10": nudge(-10),
  ".minus-1": nudge(-1),
  ".plus-1": nudge(1),
  ".plus-10": nudge(10),
  ".here": here,
  ".add": (panel) => panel.edit((points) => withPointAt(points, panel.positionMs)),
  ".undo": (panel) => panel.undo(),
};

const KEYS = {
  " ": (panel) => panel.toggle(),
  t: (panel, _, event) => panel.tap(event.timeStamp),
  m: metronome,
  h: times(0.5),
  d: times(2),
  f: here,
  u: (panel) => panel.undo(),
  "+": (panel) => panel.strip.zoom(1),
  "=": (panel) => panel.strip.zoom(1),
  "-": (panel) => panel.strip.zoom(-1),
  ",": (panel) => panel.changeRate(-1),
  ".": (panel) => panel.changeRate(1),
  "[": nudge(-1),
  "]": nudge(1),
  "{": nudge(-10),
  "}": nudge(10),
  Home: (panel) => panel.seek(0),
  ArrowLeft: (panel) => panel.step(-1),
  ArrowRight: (panel) => panel.step(1),
  ArrowUp: bpmBy(0.01),
  ArrowDown: bpmBy(-0.01),
};

const SHIFTED = {
  ArrowLeft: (panel) => panel.step(-1, true),
  ArrowRight: (panel) => panel.step(1, true),
  ArrowUp: bpmBy(1),
  ArrowDown: bpmBy(-1),
};
