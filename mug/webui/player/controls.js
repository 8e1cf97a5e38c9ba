/** The buttons, panels and keys of the player. */

import { keyName, keysFor } from "./keys.js";
import { timeText } from "./overview.js";
import { countItems, showResults } from "./results.js";
import { SettingsPanel } from "./settings-panel.js";
import { actionOf, isTyping } from "./shortcuts.js";
import { icon } from "./view.js";

const PANELS = ["help", "settings", "results"];

export class Controls {
  #codes = []; // of the keys that play the columns
  #timeText = "";
  #judged = -1;

  constructor(player, signal) {
    this.player = player;
    this.root = player.root;
    this.settingsPanel = new SettingsPanel(this.$(".settings"), player.settings, (name) => this.#settingChanged(name));
    this.#listen(signal);
  }

  $(selector) {
    return this.root.querySelector(selector);
  }

  say(text) {
    this.$(".status").textContent = text;
  }

  listCharts() {
    const { charts } = this.player;
    const options = charts.map((chart, i) => new Option(chart.version || `Chart ${i + 1}`, i));
    this.$(".charts").replaceChildren(...options);
    this.$(".chart-choice").hidden = charts.length < 2;
  }

  showChart() {
    const { chart, chartIndex } = this.player;
    this.$(".player").classList.toggle("is-empty", !chart);
    if (!chart) return;
    this.$(".charts").value = chartIndex;
    this.$(".title").textContent = chart.title;
    this.$(".artist").textContent = chart.artist;
    const version = this.player.charts.length < 2 ? chart.version : "";
    const facts = [version, `${chart.keys}K`, chart.stars === null ? "" : `${chart.stars.toFixed(2)} ★`];
    this.$(".facts").textContent = [...facts, `${chart.noteCount} notes`].filter(Boolean).join("  ·  ");
    this.settingsPanel.showKeys(chart.keys);
    this.#codes = keysFor(chart.keys);
    const lanes = Array.from({ length: chart.keys }, (_, column) => this.#laneButton(column));
    this.$(".lanes").replaceChildren(...lanes);
  }

  #laneButton(column) {
    const lane = document.createElement("button");
    const name = keyName(this.#codes[column]);
    lane.innerHTML = "<kbd></kbd>";
    lane.firstChild.textContent = name;
    lane.setAttribute("aria-label", `Column ${column + 1}, key ${name}`);
    lane.addEventListener("click", () => {
      const { columns, selection } = this.player;
      const others = columns.filter((each) => each !== column);
      this.player.select({ ...selection, columns: others.length < columns.length ? others : [...columns, column] });
    });
    return lane;
  }

  /** Put the lanes' buttons over the playfield. */
  placeLanes(layout) {
    const lanes = this.$(".lanes");
    lanes.style.left = `${layout.left}px`;
    lanes.style.width = `${layout.laneWidth * layout.keys}px`;
    lanes.style.height = `${layout.header - 4}px`;
    lanes.classList.toggle("at-top", layout.direction > 0);
  }

  /** Show the state of the player in the buttons. */
  update() {
    const { player } = this;
    const { isPlaying, rate } = player.song;
    this.$(".play").innerHTML = icon(isPlaying ? "pause" : "play");
    this.$(".play").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    this.$(".autoplay").setAttribute("aria-checked", !player.isTestPlay);
    this.$(".testplay").setAttribute("aria-checked", player.isTestPlay);
    this.$(".rate output").textContent = `${player.wantedRate.toFixed(2)}×`;
    this.$(".rate output").classList.toggle("waiting", player.wantedRate !== rate);
    this.$(".speed output").textContent = player.settings.scrollSpeed;
    this.$(".lanes").childNodes.forEach((lane, i) => lane.setAttribute("aria-pressed", player.columns.includes(i)));
    this.$(".score").hidden = !player.isTestPlay;
    this.#judged = -1;
    this.$(".range").classList.toggle("loops", player.loops);
  }

  /** Once a frame. */
  tick(ms) {
    const { player } = this;
    const text = `${timeText(ms, true)} / ${timeText(player.lengthMs)}`;
    if (text !== this.#timeText) this.$(".time").textContent = this.#timeText = text;
    if (!player.isTestPlay) return;
    const { judge } = player.performer;
    if (judge.judged === this.#judged) return;
    this.#judged = judge.judged;
    this.$(".live-accuracy").textContent = `${(100 * judge.accuracy).toFixed(2)} %`;
    this.$(".live-counts").replaceChildren(...countItems(judge.counts));
  }

  showResults() {
    this.#openPanel("results");
    showResults(this.$(".results"), this.player.performer.judge, (name) => this.player.field.colours[name]);
  }

  closePanels() {
    for (const name of PANELS) this.$(`.panel.${name}`).hidden = true;
    for (const button of this.root.querySelectorAll("[aria-expanded]")) button.setAttribute("aria-expanded", false);
  }

  #openPanel(name) {
    const wasOpen = !this.$(`.panel.${name}`).hidden;
    this.closePanels();
    if (wasOpen) return this.$(".stage").focus();
    this.$(`.panel.${name}`).hidden = false;
    this.$(`.open-${name}`)?.setAttribute("aria-expanded", true);
    if (name !== "results") this.$(`.panel.${name} :is(button, input)`).focus();
  }

  #settingChanged(name) {
    if (name === "keys") this.showChart();
    this.player.applySettings();
  }

  #listen(signal) {
    const { player } = this;
    player.song.addEventListener("pause", () => this.update(), { signal }); // another song of the page may stop it
    const click = (selector, does) => this.$(selector).addEventListener("click", does, { signal });
    click(".play", () => this.#toggle());
    click(".restart", () => player.seek(0));
    click(".autoplay", () => player.setTestPlay(false));
    click(".testplay", () => player.setTestPlay(true));
    click(".rate .less", () => player.changeRate(-1));
    click(".rate .more", () => player.changeRate(1));
    click(".speed .less", () => player.changeSpeed(-1));
    click(".speed .more", () => player.changeSpeed(1));
    click(".open-help", () => this.#openPanel("help"));
    click(".open-settings", () => this.#openPanel("settings"));
    click(".results .again", () => this.#playAgain());
    for (const button of this.root.querySelectorAll(".close"))
      button.addEventListener("click", () => this.#dismiss(), { signal });
    this.$(".charts").addEventListener("change", ({ target }) => player.setChart(Number(target.value)), { signal });
    this.root.addEventListener(
      "click",
      (event) => {
        // after the mouse, keys go to the player again and not to the button that was clicked
        if (event.detail > 0 && event.target.closest?.("button") && !event.target.closest(".panel"))
          this.$(".stage").focus();
      },
      { signal },
    );
    this.$(".player").addEventListener("keydown", (event) => this.#shortcut(event), { signal });
    window.addEventListener("keydown", (event) => this.#playKey(event, true), { signal, capture: true });
    window.addEventListener("keyup", (event) => this.#playKey(event, false), { signal, capture: true });
    this.#listenToFingers(signal);
  }

  #toggle() {
    if (this.player.song.isPlaying) this.player.pause();
    else this.player.play();
  }

  #playAgain() {
    this.player.seek(this.player.performer.fromMs);
    this.player.play();
  }

  #dismiss() {
    this.closePanels();
    this.$(".stage").focus();
  }

  /** A key of test play; it is the player's wherever the focus is, while test play runs. */
  #playKey(event, isDown) {
    const { player } = this;
    const column = this.#codes.indexOf(event.code);
    if (!player.isTestPlay || !player.song.isPlaying || column < 0 || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.#strike(column, isDown, event.timeStamp);
  }

  #strike(column, isDown, pageTime) {
    const { player } = this;
    const ms = player.song.positionMs(pageTime) - player.settings.offsetMs;
    if (isDown) {
      player.performer.press(column, ms);
      player.hitSounds.now();
    } else player.performer.release(column, ms);
  }

  /** Fingers on the lanes are keys. */
  #listenToFingers(signal) {
    const stage = this.$(".stage");
    const down = new Map(); // pointer -> column
    stage.addEventListener(
      "pointerdown",
      (event) => {
        const { player } = this;
        if (!player.isTestPlay || !player.song.isPlaying || event.pointerType === "mouse") return;
        const { left, laneWidth, keys } = player.field.layout;
        const column = Math.floor((event.clientX - stage.getBoundingClientRect().left - left) / laneWidth);
        if (column < 0 || column >= keys) return;
        event.preventDefault();
        down.set(event.pointerId, column);
        this.#strike(column, true, event.timeStamp);
      },
      { signal },
    );
    const lift = (event) => {
      if (!down.has(event.pointerId)) return;
      this.#strike(down.get(event.pointerId), false, event.timeStamp);
      down.delete(event.pointerId);
    };
    stage.addEventListener("pointerup", lift, { signal });
    stage.addEventListener("pointercancel", lift, { signal });
  }

  #shortcut(event) {
    if (isTyping(event)) return;
    const action = actionOf(event);
    if (!action || !this.player.chart) return;
    event.preventDefault();
    this.#act(...action);
  }

  #act(name, value) {
    const { player } = this;
    const { selection } = player;
    if (name === "toggle") this.#toggle();
    else if (name === "beat") player.step(value);
    else if (name === "measure") player.step(value, true);
    else if (name === "start") player.seek(0);
    else if (name === "speed") player.changeSpeed(value);
    else if (name === "rate") player.changeRate(value);
    else if (name === "mode") player.setTestPlay(!player.isTestPlay);
    else if (name === "help") this.#openPanel("help");
    else if (name === "finding") this.#nextFinding();
    else if (name === "escape") this.#escape();
    else if (name === "loop" && selection.from_ms !== null) {
      player.loops = !player.loops;
      this.say(player.loops ? "The selected range repeats." : "");
      this.update();
    } else if (name === "rangeStart")
      this.#setRange(player.overview.beatNear(player.positionMs), selection.to_ms ?? player.lengthMs);
    else if (name === "rangeEnd") this.#setRange(selection.from_ms ?? 0, player.overview.beatNear(player.positionMs));
  }

  #setRange(fromMs, toMs) {
    const { columns } = this.player;
    if (toMs > fromMs) this.player.select({ from_ms: Math.max(0, fromMs), to_ms: toMs, columns });
  }

  #nextFinding() {
    const placed = this.player.chart.findings.filter(({ time_ms: timeMs }) => timeMs !== null);
    const later = [...placed]
      .sort((a, b) => a.time_ms - b.time_ms)
      .find(({ time_ms: timeMs }) => timeMs > this.player.positionMs + 1);
    if (!later) return this.say(placed.length ? "No more findings after this." : "No findings.");
    this.player.seek(later.time_ms);
    this.say(`${timeText(later.time_ms)} ${later.severity}: ${later.text}`);
  }

  #escape() {
    const { player } = this;
    if (PANELS.some((name) => !this.$(`.panel.${name}`).hidden)) this.#dismiss();
    else if (player.isTestPlay && player.song.isPlaying) player.pause();
    else player.select(null);
  }
}
