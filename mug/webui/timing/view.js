/** The elements of the timing panel, inside a shadow root with the player's style sheet and its own. */

import { fillShadow, icon, shortcutItem } from "../player/view.js";

const SHEETS = ["../player/player.css", "./timing.css"];

const SHORTCUTS = [
  ["Space", "play or pause"],
  ["T", "tap the tempo"],
  ["M", "metronome"],
  ["← →", "a beat back or on; with Shift a measure"],
  ["[ ]", "the grid 1 ms earlier or later; with Shift 10 ms"],
  ["↑ ↓", "0.01 BPM faster or slower; with Shift 1 BPM"],
  ["H D", "half or double the tempo"],
  ["F", "a measure begins here"],
  ["+ −", "closer, further away"],
  [", .", "the song plays slower or faster"],
  ["Home", "to the start"],
  ["U", "undo"],
];

const button = (name, text, label = "") =>
  `<button class="${name}"${label && ` aria-label="${label}"`}>${text}</button>`;

const TEMPLATE = `
<section class="timing" role="region" aria-label="Timing of the song">
  <div class="modes" role="radiogroup" aria-label="Which timing charts get">
    <button role="radio" class="up-to-model" aria-checked="true">Up to the model</button
    ><button role="radio" class="this-timing" aria-checked="false" tabindex="-1">This timing</button>
  </div>
  <p class="heard" role="status">Drop a song first.</p>
  <div class="bench" hidden>
    <div class="strip" tabindex="0" role="group"
      aria-label="Waveform with the beats. Keys are listed under Keyboard, below.">
      <canvas aria-hidden="true"></canvas>
    </div>
    <input class="position" type="range" min="0" max="1" step="10" value="0" aria-label="Position in the song">
    <div class="transport">
      <button class="play primary" aria-label="Play">${icon("play")}</button>
      <output class="time" aria-label="Time">0:00.000</output>
      <button class="metronome" aria-pressed="true">Metronome</button>
      <label class="volume"><span>Clicks</span>
        <input type="range" min="0" max="1" step="0.05" value="0.6" aria-label="Loudness of the metronome"></label>
      <div class="stepper rate" role="group" aria-label="Rate of the song"><span>Rate</span>
        ${button("less", "−", "Slower")}<output></output>${button("more", "+", "Faster")}</div>
      <div class="stepper zoom" role="group" aria-label="Zoom"><span>Zoom</span>
        ${button("out", "−", "Further away")}${button("in", "+", "Closer")}</div>
    </div>
    <div class="edits">
      <fieldset class="tempo"><legend>BPM</legend>
        ${button("bpm-minus-1", "−1", "1 BPM slower")}${button("bpm-minus", "−.01", "0.01 BPM slower")}
        <input class="bpm" type="number" min="1" max="10000" step="any" aria-label="BPM">
        ${button("bpm-plus", "+.01", "0.01 BPM faster")}${button("bpm-plus-1", "+1", "1 BPM faster")}
        ${button("half", "½", "Half the tempo")}${button("double", "×2", "Double the tempo")}
      </fieldset>
      <fieldset class="offset"><legend>First beat, ms</legend>
        ${button("minus-10", "−10", "10 ms earlier")}${button("minus-1", "−1", "1 ms earlier")}
        <input class="first" type="number" step="any" aria-label="Time of the first beat, in ms">
        ${button("plus-1", "+1", "1 ms later")}${button("plus-10", "+10", "10 ms later")}
        ${button("here", "Here", "A measure begins here")}
        <label class="together" hidden><input type="checkbox" checked> move all tempos together</label>
      </fieldset>
      <fieldset class="measure"><legend>Measure</legend>
        <select class="meter" aria-label="Beats in a measure"></select>
      </fieldset>
      <fieldset class="tapping"><legend>Tap</legend>
        <button class="tap primary">Tap <kbd>T</kbd></button><output class="tapped" role="status"></output>
      </fieldset>
      <fieldset class="changes"><legend>Tempo changes</legend>
        ${button("add", "Add here", "Add a tempo change here")}${button("undo", "Undo")}
        <ol class="points"></ol>
      </fieldset>
    </div>
    <details class="keyboard"><summary>Keyboard</summary><dl>${SHORTCUTS.map(([keys, does]) =>
      shortcutItem(keys, does),
    ).join("")}</dl></details>
  </div>
  <p class="status" role="status"></p>
</section>`;

/** Build the panel's elements in `host` and return its shadow root; resolves when the style sheets are there. */
export function buildView(host) {
  return fillShadow(host, TEMPLATE, SHEETS.map((name) => new URL(name, import.meta.url)));
}
