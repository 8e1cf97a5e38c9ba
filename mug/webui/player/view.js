/** The elements of the player, inside a shadow root, so that the page's styles and the player's stay apart. */

const ICONS = {
  play: '<path d="M7 4.5v15l13-7.5z"/>',
  pause: '<path d="M6 5h4.5v14H6zM13.5 5H18v14h-4.5z"/>',
  restart: '<path d="M6 5h3v14H6zM20 5v14L9.5 12z"/>',
  settings:
    '<path d="M4 7h9m5 0h2M4 17h2m5 0h9" fill="none" stroke="currentColor" stroke-width="2.2"/>' +
    '<circle cx="15.5" cy="7" r="2.6"/><circle cx="8.5" cy="17" r="2.6"/>',
};

/** An icon of the player as SVG text. */
export function icon(name) {
  return `<svg viewBox="0 0 24 24" width="20" height="20" fill="currentColor" aria-hidden="true">${ICONS[name]}</svg>`;
}

const SHORTCUTS = [
  ["Space", "play or pause"],
  ["← →", "a beat back or on"],
  ["Shift ← →", "a measure back or on"],
  ["Home", "to the start"],
  ["+ −", "notes scroll faster or slower"],
  [", .", "the song plays slower or faster"],
  ["[ ]", "the selected range starts or ends here"],
  ["L", "repeat the selected range"],
  ["N", "to the next finding"],
  ["T", "test play or autoplay"],
  ["Esc", "stop test play, clear the selection"],
  ["?", "this list"],
];

const EMPTY_STAGE = `<svg viewBox="0 0 132 96" width="132" height="96" aria-hidden="true">
  <path class="lanes-drawn" d="M2 0v96M34 0v96M66 0v96M98 0v96M130 0v96"/>
  <rect class="outer" x="6" y="14" width="24" height="9" rx="3"/>
  <rect class="inner" x="38" y="34" width="24" height="30" rx="3"/>
  <rect class="inner" x="70" y="8" width="24" height="9" rx="3"/>
  <rect class="outer" x="102" y="50" width="24" height="9" rx="3"/>
  <rect class="line" x="2" y="80" width="128" height="3"/></svg>`;

const TEMPLATE = `
<section class="player is-empty" role="region" aria-label="Chart player">
  <header class="top">
    <div class="song"><strong class="title"></strong><span class="artist"></span></div>
    <label class="chart-choice" hidden><span class="visually-hidden">Chart</span>
      <select class="charts"></select></label>
    <div class="facts"></div>
  </header>
  <div class="stage" tabindex="0" role="group" aria-label="Playfield. Press ? for the keyboard shortcuts.">
    <canvas class="field" aria-hidden="true"></canvas>
    <div class="lanes" role="group" aria-label="Columns: press to select"></div>
    <div class="score" aria-hidden="true" hidden><span class="live-accuracy"></span><ul class="live-counts"></ul></div>
    <p class="empty">${EMPTY_STAGE}<span>Your chart will play here.</span></p>
    <div class="panel results" role="dialog" aria-label="Results of test play" hidden>
      <div class="figures">
        <div><span class="accuracy-figure"></span><small>accuracy</small></div>
        <div><span class="combo-figure"></span><small>best combo</small></div>
        <div><span class="rate-figure"></span><small>unstable rate</small></div>
      </div>
      <ul class="counts"></ul>
      <canvas aria-hidden="true"></canvas>
      <p>Mean error <b class="mean-figure"></b>, standard deviation <b class="deviation-figure"></b></p>
      <div class="row"><button class="again primary">Play again</button><button class="close">Close</button></div>
    </div>
    <div class="panel help" role="dialog" aria-label="Keyboard shortcuts" hidden>
      <h2>Keyboard</h2>
      <dl></dl>
      <div class="row"><button class="close">Close</button></div>
    </div>
    <div class="panel settings" role="dialog" aria-label="Settings" hidden></div>
  </div>
  <div class="overview" role="slider" tabindex="0" aria-label="Position in the song"
    aria-valuemin="0" aria-valuenow="0">
    <canvas aria-hidden="true"></canvas>
    <div class="range" hidden></div><div class="marks"></div><div class="head"></div><div class="readout" hidden></div>
  </div>
  <div class="transport">
    <button class="restart" aria-label="To the start">${icon("restart")}</button>
    <button class="play primary" aria-label="Play">${icon("play")}</button>
    <output class="time" aria-label="Time">0:00.0</output>
    <div class="modes" role="radiogroup" aria-label="Who plays">
      <button role="radio" class="autoplay" aria-checked="true">Autoplay</button
      ><button role="radio" class="testplay" aria-checked="false">Test play</button>
    </div>
    <div class="stepper rate" role="group" aria-label="Rate of the song"><span>Rate</span>
      <button class="less" aria-label="Slower">−</button><output></output>
      <button class="more" aria-label="Faster">+</button></div>
    <div class="stepper speed" role="group" aria-label="Scroll speed"><span>Scroll</span>
      <button class="less" aria-label="Notes scroll slower">−</button><output></output>
      <button class="more" aria-label="Notes scroll faster">+</button></div>
    <button class="open-settings" aria-label="Settings" aria-expanded="false">${icon("settings")}</button>
    <button class="open-help" aria-label="Keyboard shortcuts" aria-expanded="false">?</button>
  </div>
  <p class="status" role="status"></p>
</section>`;

/** Build the player's elements in `host` and return its shadow root; resolves when the style sheet is there. */
export async function buildView(host, moreShortcuts = []) {
  const root = await fillShadow(host, TEMPLATE, [new URL("./player.css", import.meta.url)]);
  const help = [...SHORTCUTS, ...moreShortcuts].map(([keys, does]) => shortcutItem(keys, does));
  root.querySelector(".help dl").innerHTML = help.join("");
  return root;
}

/** Put HTML and style sheets into the shadow root of `host`, and return it when they are there. */
export async function fillShadow(host, html, sheetUrls) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const view = document.createElement("template");
  view.innerHTML = html;
  const sheets = sheetUrls.map((href) => Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  const ready = sheets.map(
    (sheet) =>
      new Promise((resolve) => {
        sheet.onload = resolve;
        sheet.onerror = resolve; // plain, but usable
      }),
  );
  root.replaceChildren(...sheets, view.content);
  await Promise.all(ready);
  return root;
}

export function shortcutItem(keys, does) {
  const names = keys.split(" ").map((key) => `<kbd>${key}</kbd>`);
  return `<div><dt>${names.join(" ")}</dt><dd>${does}</dd></div>`;
}
