/**
 * The chart player: plays a song with its chart scrolling in sync, lets a person test play it, and shows the whole
 * song at a glance.
 *
 *     const player = await mountPlayer(element, { charts: [chart], audioUrl: "song.ogg" });
 *     player.addEventListener("selection", ({ detail }) => console.log(detail.from_ms, detail.to_ms, detail.columns));
 *
 * Events: "selection" {from_ms, to_ms, columns} (null for the whole song, no columns for all), "position" {ms} after a
 * seek or pause, "chart" {index}, "result" (see results.js) at the end of test play. Times are ms of the chart.
 */

import { Chart, beatLines, stepOf } from "./chart.js";
import { Controls } from "./controls.js";
import { Field } from "./field.js";
import { HitSounds } from "./hit-sounds.js";
import { Overview } from "./overview.js";
import { Autoplay, TestPlay } from "./performers.js";
import { resultOf } from "./results.js";
import { SCHEME_CHANGED, scheme } from "./scheme.js";
import { loadSettings, saveSettings } from "./settings.js";
import { Song } from "./song.js";
import { buildView } from "./view.js";
import { peaksOf } from "./waveform.js";

const RATES = { lowest: 0.5, highest: 1.5, step: 0.05 };
const SPEEDS = { lowest: 1, highest: 40 };
const AFTER_MS = 1500; // after the last note
const LEAD_IN_MS = 1500; // before the first note of test play
const FRAMES_KEPT = 8192;

/** Build a player in `element`. `data` as in Player.show; shortcuts: [keys, what they do] of the page around it. */
export async function mountPlayer(element, data = null, shortcuts = []) {
  const player = new Player(element, await buildView(element, shortcuts));
  if (data) await player.show(data);
  return player;
}

export class Player extends EventTarget {
  #peaks = null;
  #audioUrl = null;
  #range = null; // {from_ms, to_ms}
  #stop = new AbortController();
  #isStale = true; // a still picture that has to be drawn again
  #request = 0;
  #wasShown = false;

  constructor(host, root) {
    super();
    [this.host, this.root, host.player] = [host, root, this]; // the last for the page around it
    this.settings = loadSettings();
    [this.charts, this.chart, this.chartIndex, this.lengthMs] = [[], null, -1, 0];
    [this.columns, this.loops, this.wantedRate, this.performer] = [[], false, 1, null];
    this.frames = []; // of the last few minutes: [page time, ms that drawing took]
    this.song = new Song();
    this.hitSounds = new HitSounds(this.song);
    this.field = new Field(root.querySelector(".field"));
    this.overview = new Overview(root.querySelector(".overview"), this);
    this.controls = new Controls(this, this.#stop.signal);
    this.reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
    window.addEventListener(SCHEME_CHANGED, () => this.applySettings(), { signal: this.#stop.signal });
    this.resizeObserver = new ResizeObserver(() => this.layout());
    this.resizeObserver.observe(host);
    this.applySettings();
    this.#frame(performance.now());
  }

  /**
   * Show charts (JSON, see chart.js) of one song. The song is loaded only if `audioUrl` differs from the one shown, so
   * new versions of a chart come in while it plays on. Resolves when the song is ready.
   */
  async show({ charts, audioUrl = null, selected = 0 }) {
    this.charts = charts.map((json) => new Chart(json));
    this.controls.listCharts();
    const isNew = audioUrl !== this.#audioUrl;
    if (isNew) {
      this.song.pause();
      this.#audioUrl = audioUrl;
      this.#peaks = null;
      this.select(null);
    }
    this.setChart(selected);
    if (isNew) await this.#load(audioUrl);
  }

  async #load(audioUrl) {
    this.controls.say(audioUrl ? "Loading the song…" : "");
    let said = "";
    try {
      await this.song.load(audioUrl);
    } catch (error) {
      said = `No sound: ${error.message}.`;
    }
    if (audioUrl !== this.#audioUrl) return; // another song was asked for meanwhile
    this.controls.say(said);
    this.#peaks = this.song.buffer && peaksOf(this.song.buffer);
    this.wantedRate = 1;
    this.setChart(this.chartIndex);
    this.seek(0);
  }

  /** Show another of the charts at the position where the song is. */
  setChart(index) {
    const chart = this.charts[index] ?? null;
    [this.chart, this.chartIndex] = [chart, chart ? index : -1];
    if (chart) {
      this.lengthMs = Math.max(this.song.lengthMs, chart.endMs + AFTER_MS);
      this.lines = beatLines(chart.timing, -5000, this.lengthMs);
      this.columns = this.columns.filter((column) => column < chart.keys);
      this.overview.show(chart, this.lines, this.lengthMs);
      this.#perform(this.isTestPlay);
    }
    this.controls.showChart();
    this.applySettings();
    this.#emit("chart", { index: this.chartIndex });
  }

  /** The time in the chart that is heard now. */
  get positionMs() {
    return this.song.positionMs() - this.settings.offsetMs;
  }

  get isTestPlay() {
    return this.performer?.isAuto === false;
  }

  get selection() {
    return { from_ms: this.#range?.from_ms ?? null, to_ms: this.#range?.to_ms ?? null, columns: [...this.columns] };
  }

  async play() {
    if (!this.chart) return;
    if (this.positionMs >= this.lengthMs - 1) this.seek(0);
    if (this.isTestPlay) {
      const fromMs = this.positionMs;
      this.song.seek(fromMs - LEAD_IN_MS * this.song.rate + this.settings.offsetMs);
      this.#perform(true, fromMs);
    }
    this.controls.closePanels();
    await this.song.play();
    this.controls.update();
  }

  pause() {
    if (!this.song.isPlaying) return;
    this.song.pause();
    this.controls.update();
    this.#emit("position", { ms: this.positionMs });
    if (this.isTestPlay && this.performer.judge.judged > 0) {
      this.controls.showResults();
      this.#emit("result", resultOf(this.performer.judge));
    }
  }

  seek(ms) {
    if (!this.chart) return;
    const inside = Math.max(0, Math.min(ms, this.lengthMs));
    this.song.seek(inside + this.settings.offsetMs);
    if (this.isTestPlay) this.#perform(true, inside);
    this.#isStale = true;
    this.overview.announce(inside);
    this.#emit("position", { ms: inside });
  }

  /** Move by `count` beats, or measures. */
  step(count, byMeasure = false) {
    const slackMs = this.song.isPlaying && count < 0 ? 250 : 1; // going back while the song runs on
    this.seek(stepOf(this.lines, this.positionMs, count, byMeasure, slackMs));
  }

  /** Play the song `rate` times as fast, 0.5 to 1.5, at its own pitch; resolves when it is heard. */
  async setRate(rate) {
    const inside = Math.min(RATES.highest, Math.max(RATES.lowest, rate));
    const wanted = Number((Math.round(inside / RATES.step) * RATES.step).toFixed(2));
    this.wantedRate = wanted;
    this.controls.update();
    await this.song.setRate(wanted);
    if (this.wantedRate !== wanted) return; // yet another rate was asked for
    if (this.isTestPlay) this.#perform(true, this.positionMs);
    this.controls.update();
    this.#isStale = true;
  }

  changeRate(steps) {
    return this.setRate(this.wantedRate + steps * RATES.step);
  }

  changeSpeed(steps) {
    const { lowest, highest } = SPEEDS;
    this.settings.scrollSpeed = Math.min(highest, Math.max(lowest, Math.round(this.settings.scrollSpeed) + steps));
    this.applySettings();
  }

  /** Let a person play, or the player itself. */
  setTestPlay(isTestPlay) {
    if (!this.chart || isTestPlay === this.isTestPlay) return;
    this.song.pause();
    this.#perform(isTestPlay);
    this.controls.update();
  }

  /** Select a range and columns, {from_ms, to_ms, columns} as in `selection`; null selects nothing. */
  select(selection) {
    const hasRange = selection && selection.from_ms !== null;
    this.#range = hasRange ? { from_ms: selection.from_ms, to_ms: selection.to_ms } : null;
    this.columns = selection ? [...selection.columns].sort((a, b) => a - b) : [];
    if (!hasRange) this.loops = false;
    this.overview.setRange(this.#range);
    this.controls.update();
    this.#isStale = true;
    this.#emit("selection", this.selection);
  }

  /** Show other findings of the current chart: [{time_ms, text, severity: "problem", "warning" or "hint"}, ...]. */
  setFindings(findings) {
    this.chart.findings = findings;
    this.overview.setFindings(findings);
  }

  /** Make the settings heard and seen, and keep them. */
  applySettings() {
    const { settings } = this;
    saveSettings(settings);
    this.host.dataset.scheme = scheme();
    this.controls.settingsPanel.showScheme(scheme());
    this.song.output.gain.value = settings.music ** 2; // by ear
    this.hitSounds.output.gain.value = settings.hitSounds ** 2;
    this.hitSounds.setOn(!this.isTestPlay);
    const moments = this.chart?.moments ?? new Float64Array(0);
    this.hitSounds.setMoments(moments.map((ms) => ms + settings.offsetMs));
    this.controls.update();
    this.layout();
  }

  /** Fit everything to the size and the colours of the page. */
  layout() {
    if (!this.chart || !this.host.clientWidth) return;
    this.field.readColours();
    this.field.resize(this.chart.keys, this.settings);
    this.controls.placeLanes(this.field.layout);
    const { colours } = this.field;
    const lightness = Number(colours["star-lightness"]) || 55;
    this.overview.draw({ text: colours["text-dim"], density: colours.density, rule: colours["lane-edge"], lightness });
    this.overview.setRange(this.#range);
    this.#isStale = true;
  }

  close() {
    this.#stop.abort();
    this.resizeObserver.disconnect();
    cancelAnimationFrame(this.#request);
    this.hitSounds.close();
    this.song.close();
  }

  #perform(isTestPlay, fromMs = this.positionMs) {
    const { chart, song } = this;
    this.performer = isTestPlay ? new TestPlay(chart, { rate: song.rate, fromMs }) : new Autoplay(chart);
    this.hitSounds.setOn(!isTestPlay);
    this.#isStale = true;
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #frame(now) {
    if (this.#wasShown && !this.host.isConnected) return this.close(); // the page took the element away
    this.#wasShown ||= this.host.isConnected;
    this.#request = requestAnimationFrame((next) => this.#frame(next));
    if (!this.chart || !this.field.layout || !(this.song.isPlaying || this.#isStale)) return;
    this.#isStale = false;
    const began = performance.now();
    const ms = this.positionMs;
    if (this.song.isPlaying && this.#isAtEnd(ms)) return this.pause();
    if (this.loops && this.#range && !this.isTestPlay && ms >= this.#range.to_ms) return this.seek(this.#range.from_ms);
    this.performer.advance(ms);
    this.drawnMs = ms;
    this.field.draw(this.#scene(ms));
    this.overview.setPosition(ms);
    this.controls.tick(ms);
    this.frames.push([now, performance.now() - began]);
    if (this.frames.length > 2 * FRAMES_KEPT) this.frames.splice(0, FRAMES_KEPT);
  }

  #isAtEnd(ms) {
    return (
      ms >= this.lengthMs || (this.isTestPlay && this.performer.judge.isOver && ms >= this.chart.endMs + AFTER_MS / 2)
    );
  }

  #scene(ms) {
    const { chart, lines, settings, performer, columns } = this;
    const { offsetMs, scrollSpeed } = settings;
    const { isAuto, states, flashes, isHeld, judgement, combo } = performer;
    const played = { isAuto, states, flashes, isHeld, judgement, combo: this.song.isPlaying || !isAuto ? combo : 0 };
    const range = this.#range ?? (columns.length ? { from_ms: 0, to_ms: this.lengthMs } : null);
    const look = { rate: this.song.rate, scrollSpeed, offsetMs, reducedMotion: this.reducedMotion.matches };
    return { chart, lines, peaks: this.#peaks, ms, ...look, ...played, selection: range, columns };
  }
}
