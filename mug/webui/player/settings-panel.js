/** The settings panel: volumes, offset, looks and keys. It changes `settings` and says so through `onChange(name)`. */

import { keyName, keysFor, saveKeys } from "./keys.js";
import { setScheme } from "./scheme.js";

const PANEL = `
  <h2>Settings</h2>
  <label>Music <input type="range" name="music" min="0" max="1" step="0.02"></label>
  <label>Hit sounds <input type="range" name="hitSounds" min="0" max="1" step="0.02"></label>
  <label>Notes later by
    <span><input type="number" name="offsetMs" min="-500" max="500" step="1"> ms</span></label>
  <label>Notes scroll
    <select name="upScroll"><option value="">down</option><option value="up">up</option></select></label>
  <label>Colours
    <select name="scheme"><option value="dark">dark</option><option value="light">light</option></select></label>
  <label>Waveform <input type="checkbox" name="waveform"></label>
  <fieldset><legend>Keys of test play</legend>
    <div class="keys"></div><button class="default-keys">Defaults</button></fieldset>
  <div class="row"><button class="close">Close</button></div>`;

const READ = {
  music: (input) => Number(input.value),
  hitSounds: (input) => Number(input.value),
  offsetMs: (input) => Math.max(-500, Math.min(500, Math.round(Number(input.value) || 0))),
  upScroll: (input) => input.value !== "",
  waveform: (input) => input.checked,
};

export class SettingsPanel {
  #codes = [];

  constructor(panel, settings, onChange) {
    this.panel = panel;
    this.onChange = onChange;
    panel.innerHTML = PANEL;
    for (const [name, read] of Object.entries(READ)) {
      const input = panel.querySelector(`[name=${name}]`);
      if (input.type === "checkbox") input.checked = settings[name];
      else if (name === "upScroll") input.value = settings[name] ? "up" : "";
      else input.value = settings[name];
      input.addEventListener("input", () => {
        settings[name] = read(input);
        onChange(name);
      });
    }
    panel.querySelector(".default-keys").addEventListener("click", () => this.#keep(null));
    panel.querySelector("[name=scheme]").addEventListener("input", ({ target }) => setScheme(target.value));
  }

  /** Show the scheme that was chosen here or elsewhere on the page. */
  showScheme(name) {
    this.panel.querySelector("[name=scheme]").value = name;
  }

  /** Show the keys of a key count. */
  showKeys(keys) {
    this.#codes = keysFor(keys);
    const buttons = this.#codes.map((code, column) => {
      const button = document.createElement("button");
      button.textContent = keyName(code);
      button.setAttribute("aria-label", `Column ${column + 1}: ${keyName(code)}. Press to choose another key.`);
      button.addEventListener("click", () => this.#listen(button, column));
      return button;
    });
    this.panel.querySelector(".keys").replaceChildren(...buttons);
  }

  #listen(button, column) {
    button.textContent = "…";
    button.classList.add("listening");
    const take = (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      stop();
      if (event.code === "Escape" || !event.code) return this.showKeys(this.#codes.length);
      const codes = [...this.#codes];
      const taken = codes.indexOf(event.code);
      if (taken >= 0) codes[taken] = codes[column]; // no key plays two columns
      codes[column] = event.code;
      this.#keep(codes);
    };
    const stop = () => {
      button.removeEventListener("keydown", take);
      button.removeEventListener("blur", cancel);
    };
    const cancel = () => {
      stop();
      this.showKeys(this.#codes.length);
    };
    button.addEventListener("keydown", take);
    button.addEventListener("blur", cancel);
  }

  #keep(codes) {
    saveKeys(this.#codes.length, codes);
    this.showKeys(this.#codes.length);
    this.onChange("keys");
  }
}
