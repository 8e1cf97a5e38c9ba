/**
 * The timing panel: a song's beats over its waveform, heard with a metronome, and edited by hand or by tapping.
 *
 *     const panel = await mountTiming(element);
 *     panel.showSong({ audioUrl: "song.ogg", points: null });
 *     panel.showHeard({ points: [{ time_ms: 616.5, beat_ms: 304.6, meter: 4 }], text: "197 BPM, very sure" });
 *     panel.addEventListener("timing", ({ detail }) => console.log(detail.points));
 *
 * Event: "timing" {points, said}: the points that charts are to have, null if that is up to the model, and the timing
 * in a few words. Times are ms of the audio file. The song is decoded only once the panel is visible.
 */

import { beatLines, stepOf } from "../player/chart.js";
import { SCHEME_CHANGED, scheme } from "../player/scheme.js";
import { loadSettings } from "../player/settings.js";
import { Song } from "../player/song.js";
import { peaksOf } from "../player/waveform.js";
import { Controls } from "./controls.js";
import { bpmText, dragged, nudged, plainGrid, pointAt, withBpm, withTaps } from "./grid.js";
import { Metronome } from "./metronome.js";
import { Strip } from "./strip.js";
import { Taps } from "./taps.js";
import { buildView } from "./view.js";

const RATES = [0.5, 0.75, 1];
const UNDONE = 100; // edits that can be undone
const BEFORE_MS = 1000; // lines are drawn from this long before the song

export async function mountTiming(element) {
  return new TimingPanel(element, await buildView(element));
}

export class TimingPanel extends EventTarget {
  #own = null; // the points of the visitor
  #before = []; // for undo: {own, isOwn}
  #heard = null; // {points, text} of the detection
  #wanted = null; // the URL of a song that is not loaded yet
  #peaks = null;
  #beforeDrag = null; // the points
  #taps = new Taps();
  #stop = new AbortController();
  #isStale = true;
  #request = 0;
  #wasShown = false;

  constructor(host, root) {
    super();
    [this.host, this.root] = [host, root];
    this.isOwn = false; // "This timing" instead of "Up to the model"
    this.hasSong = false;
    this.song = new Song();
    this.metronome = new Metronome(this.song);
    this.strip = new Strip(root.querySelector(".strip"), () => this.#scene());
    this.#setLines();
    this.controls = new Controls(this, this.#stop.signal);
    this.#listen();
    this.resizeObserver = new ResizeObserver(() => this.layout());
    this.resizeObserver.observe(host);
    window.addEventListener(SCHEME_CHANGED, () => this.layout(), { signal: this.#stop.signal });
    this.#frame();
  }

  /** Show another song, with the visitor's timing of it or null. `audioUrl` null: there is none. */
  showSong({ audioUrl, points = null }) {
    this.song.pause();
    this.#wanted = audioUrl;
    [this.#heard, this.#peaks, this.#before] = [null, null, []];
    [this.#own, this.isOwn] = [points, points !== null];
    this.hasSong = audioUrl !== null;
    this.controls.say("");
    this.#changed();
    this.layout();
  }

  /** Show what was detected: {points, text}; points are null while it is not known. */
  showHeard(heard) {
    this.#heard = heard;
    this.#changed();
  }

  /** Take over the timing of a chart: {points, text}. */
  take({ points, text }) {
    this.edit(() => points);
    this.controls.say(text);
  }

  /** The points that are shown: the visitor's, else those detected. */
  get points() {
    return (this.isOwn ? this.#own : this.#heard?.points) ?? this.#heard?.points ?? plainGrid();
  }

  /** The points if there is something to know of them yet. */
  get shown() {
    return this.isOwn || this.#heard?.points ? this.points : [];
  }

  get heardText() {
    return this.#heard?.text ?? "";
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  /** The time in the song that is heard now. */
  get positionMs() {
    return this.song.positionMs() - loadSettings().offsetMs;
  }

  get lengthMs() {
    return this.song.lengthMs;
  }

  /** The index of the point that edits are for: the one at the playing position. */
  get current() {
    return pointAt(this.points, this.positionMs);
  }

  /** Change the grid: `change` takes the points and returns others. The timing becomes the visitor's. */
  edit(change, { isSameEdit = false } = {}) {
    const points = change(this.points);
    if (points === this.points) return;
    if (!isSameEdit) this.#remember();
    [this.#own, this.isOwn] = [points, true];
    this.#changed();
    this.#emit();
  }

  undo() {
    const before = this.#before.pop();
    if (!before) return;
    [this.#own, this.isOwn] = [before.own, before.isOwn];
    this.#changed();
    this.#emit();
  }

  /** Leave the timing to the model, or take the visitor's, which starts as what was detected. */
  choose(isOwn) {
    if (isOwn === this.isOwn) return;
    this.#remember();
    if (isOwn) this.#own ??= this.points;
    this.isOwn = isOwn;
    this.#changed();
    this.#emit();
  }

  /** Take a tap made at a page time. While the song stands still, taps only give the tempo. */
  tap(pageMs) {
    const { isPlaying } = this.song;
    const ms = isPlaying ? this.song.positionMs(pageMs) - loadSettings().offsetMs : pageMs;
    const { count, missing, fit } = this.#taps.add(ms, pageMs);
    this.controls.showTaps(count, missing, fit);
    if (!fit) return;
    const i = isPlaying ? pointAt(this.points, fit.first_ms) : this.current;
    const change = isPlaying
      ? (points) => withTaps(points, i, fit)
      : (points) => withBpm(points, i, 60000 / fit.beat_ms);
    this.edit(change, { isSameEdit: count > 4 });
  }

  async play() {
    if (!this.song.buffer) return;
    if (this.positionMs >= this.lengthMs - 1) this.seek(0);
    await this.song.play();
  }

  toggle() {
    if (this.song.isPlaying) this.song.pause();
    else this.play();
  }

  seek(ms) {
    this.song.seek(Math.max(0, Math.min(ms, this.lengthMs)) + loadSettings().offsetMs);
  }

  /** Move by beats or measures. */
  step(count, byMeasure = false) {
    const slackMs = this.song.isPlaying && count < 0 ? 250 : 1;
    this.seek(stepOf(this.lines, this.positionMs, count, byMeasure, slackMs));
  }

  /** The next slower or faster of RATES. */
  changeRate(steps) {
    const i = RATES.indexOf(this.song.rate) + steps;
    if (this.song.buffer && i >= 0 && i < RATES.length) this.song.setRate(RATES[i]);
  }

  /** Fit everything to the size and colours of the page, and load the song once there is something to see. */
  layout() {
    if (!this.host.clientWidth) return;
    this.host.dataset.scheme = scheme();
    if (this.#wanted) this.#load();
    if (!this.strip.canvas.clientWidth) return;
    this.strip.resize();
    this.#isStale = true;
  }

  close() {
    this.#stop.abort();
    this.resizeObserver.disconnect();
    cancelAnimationFrame(this.#request);
    this.metronome.close();
    this.song.close();
  }

  async #load() {
    const url = this.#wanted;
    this.#wanted = null;
    this.controls.say("Loading the song…");
    let said = "";
    try {
      await this.song.load(url);
    } catch (error) {
      said = `No sound: ${error.message}.`;
    }
    if (this.#wanted) return; // another song came meanwhile
    this.controls.say(said);
    this.#peaks = this.song.buffer && peaksOf(this.song.buffer);
    this.#changed();
    this.seek(0);
  }

  #listen() {
    for (const event of ["play", "pause"])
      this.song.addEventListener(event, () => {
        this.#taps.clear();
        this.controls.update();
      });
    for (const event of ["seek", "rate"])
      this.song.addEventListener(event, () => {
        this.#isStale = true;
        this.controls.update();
      });
    this.strip.addEventListener("zoom", () => (this.#isStale = true));
    this.strip.addEventListener("scrub", ({ detail }) => this.seek(detail.ms));
    this.strip.addEventListener("line", ({ detail }) => this.#dragLine(detail));
  }

  /** Every step of a drag starts from the grid as it was before. */
  #dragLine({ ms, toMs, whole, isFirst }) {
    if (isFirst) this.#beforeDrag = this.points;
    const points = this.#beforeDrag;
    this.edit(() => (whole ? nudged(points, null, toMs - ms) : dragged(points, ms, toMs)), { isSameEdit: !isFirst });
  }

  #remember() {
    this.#before.push({ own: this.#own, isOwn: this.isOwn });
    if (this.#before.length > UNDONE) this.#before.shift();
  }

  #changed() {
    this.#setLines();
    this.controls.update();
    this.#isStale = true;
  }

  #setLines() {
    this.lines = beatLines(this.shown, -BEFORE_MS, this.lengthMs + BEFORE_MS);
    this.metronome.setLines(this.lines);
  }

  #emit() {
    const said = `${bpmText(this.points)}, ${this.isOwn ? "yours" : "up to the model"}`;
    this.dispatchEvent(new CustomEvent("timing", { detail: { points: this.isOwn ? this.#own : null, said } }));
  }

  #scene() {
    return { ms: this.positionMs, lines: this.lines, points: this.shown, peaks: this.#peaks, buffer: this.song.buffer };
  }

  #frame() {
    if (this.#wasShown && !this.host.isConnected) return this.close();
    this.#wasShown ||= this.host.isConnected;
    this.#request = requestAnimationFrame(() => this.#frame());
    if (!(this.song.isPlaying || this.#isStale) || !this.strip.canvas.width) return;
    this.#isStale = false;
    if (this.song.isPlaying && this.positionMs >= this.lengthMs) return this.song.pause();
    this.strip.draw();
    this.controls.tick(this.positionMs);
  }
}
