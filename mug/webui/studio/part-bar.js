/** What can be drawn again: the part that is selected in the player, or the whole chart. */

import { timeText } from "../player/overview.js";

const ACTIONS = [
  ["again", "Draw this again", "Other notes in the part; the rest stays."],
  ["keep", "Keep only this", "The part stays; all the rest is drawn again."],
  ["easier", "Easier here", "Half a star less in the part."],
  ["harder", "Harder here", "Half a star more in the part."],
];
const WORDS = ["A few notes change", "Some notes change", "About half changes", "Most notes change", "All is new"];

const TEMPLATE = `
<section class="part-bar" aria-label="Draw a part again">
  <p class="part-name" role="status"></p>
  <div class="part-actions" role="group" aria-label="What to do with it">${ACTIONS.map(
    ([name, text, title]) => `<button type="button" class="${name}" title="${title}">${text}</button>`,
  ).join("")}<button type="button" class="stop" hidden>Stop</button></div>
  <label class="part-strength"><span>How much</span>
    <input type="range" min="1" max="5" step="1" value="5"><output></output></label>
</section>`;

/**
 * `draw` gets {action: "again", "keep", "easier" or "harder", from_ms, to_ms, columns, strength}: times and columns as
 * the player's selection, and the strength above 0 and up to 1. `stop` is asked for while it is drawn.
 */
export class PartBar {
  #isBusy = false;
  #percent = 0;
  #pressed = null; // the button that was pressed last

  constructor(element, player, draw, stop) {
    element.innerHTML = TEMPLATE;
    this.element = element;
    this.player = player;
    this.input = element.querySelector("input");
    for (const [action] of ACTIONS)
      element.querySelector(`.${action}`).addEventListener("click", ({ currentTarget }) => {
        this.#pressed = currentTarget;
        draw({ action, ...player.selection, strength: Number(this.input.value) / 5 });
      });
    element.querySelector(".stop").addEventListener("click", stop);
    this.input.addEventListener("input", () => this.update());
    player.addEventListener("selection", () => this.update());
  }

  /** While something is drawn, only "Stop" can be pressed; the focus goes there and back. */
  set isBusy(isBusy) {
    const stop = this.element.querySelector(".stop");
    const hadFocus = document.activeElement === (isBusy ? this.#pressed : stop);
    [this.#isBusy, this.#percent] = [isBusy, 0];
    this.update();
    if (hadFocus) (isBusy ? stop : this.#pressed)?.focus({ preventScroll: true });
  }

  set progress(percent) {
    [this.#isBusy, this.#percent] = [true, percent];
    this.update();
  }

  /** Show what is selected, and what can be done with it. */
  update() {
    const { chart } = this.player;
    const { from_ms: fromMs, to_ms: toMs, columns } = this.player.selection;
    const isPart = fromMs !== null || columns.length > 0;
    const $ = (selector) => this.element.querySelector(selector);
    $(".stop").hidden = !this.#isBusy;
    for (const [action] of ACTIONS) $(`.${action}`).disabled = this.#isBusy || !chart || (action === "keep" && !isPart);
    const words = WORDS[Number(this.input.value) - 1];
    $("output").textContent = words;
    this.input.setAttribute("aria-valuetext", words);
    $(".part-bar").classList.toggle("is-busy", this.#isBusy);
    $(".part-bar").setAttribute("aria-busy", this.#isBusy);
    const drawing = this.#percent ? `Drawing: ${this.#percent} %` : "Drawing…";
    $(".part-name").textContent = this.#isBusy ? drawing : nameOf(chart, fromMs, toMs, columns);
  }
}

function nameOf(chart, fromMs, toMs, columns) {
  if (!chart) return "";
  const time = fromMs === null ? "The whole song" : `${timeText(fromMs, true)} to ${timeText(toMs, true)}`;
  const numbers = columns.map((column) => column + 1).join(", ");
  if (columns.length) return `${time}, column${columns.length > 1 ? "s" : ""} ${numbers}`;
  return fromMs === null ? "The whole chart. Drag over the bar above to select a part." : time;
}
