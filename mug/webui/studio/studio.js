/**
 * The studio: the player, what can be drawn again in the chart that it shows, and the versions of the chart.
 *
 *     const studio = await mountStudio(element, (name, detail) => ...);
 *     await studio.show(value);
 *
 * value: {song, audio: {url} or null, versions: [version, ...], current, can_undo, can_redo}; a version is {id, parent,
 * name, made, figures, chart: {url}}, and its chart is fetched once. `tell` hears of "choose" and "hide" {song, id},
 * "undo", "redo" and "stop" {song}, and "draw" (see part-bar.js); the answer to each but "choose" and "stop" is a new
 * value.
 */

import { mountPlayer } from "../player/player.js";
import { PartBar } from "./part-bar.js";
import { VersionList } from "./version-list.js";

const NOTHING = { song: null, audio: null, versions: [], current: null, can_undo: false, can_redo: false };

export async function mountStudio(element, tell) {
  element.classList.add("studio");
  element.innerHTML = '<div class="chart-player"></div><div class="part"></div><div class="versions"></div>';
  const shortcuts = [
    ["B", "the other of two versions"],
    ["Ctrl Z", "take the last step back"],
  ];
  return new Studio(element, await mountPlayer(element.querySelector(".chart-player"), null, shortcuts), tell);
}

class Studio {
  #value = NOTHING;
  #charts = new Map(); // URL -> the chart, soon
  #shows = 0;
  #wasShown = false;
  #seen = new Set(); // URLs of charts that were shown
  #before = null; // the version that was chosen before this one

  constructor(element, player, tell) {
    [this.player, this.tell] = [player, tell];
    const stop = () => this.#ask("stop");
    this.part = new PartBar(element.querySelector(".part"), player, (wanted) => this.#draw(wanted), stop);
    this.list = new VersionList(element.querySelector(".versions"), {
      choose: (id) => this.choose(id),
      hide: (id) => this.#ask("hide", { id }),
      compare: () => this.compare(),
      undo: () => this.#ask("undo"),
      redo: () => this.#ask("redo"),
    });
    player.addEventListener("chart", ({ detail }) => this.#chosenInPlayer(detail.index));
    element.addEventListener("keydown", (event) => this.#key(event));
    this.list.show(this.#value, null);
    this.part.update();
  }

  get current() {
    return this.#value.current;
  }

  /** The version to compare the current one with: the one before it, or else the one that it was made from. */
  get other() {
    const { versions } = this.#value;
    const parent = versions.find(({ id }) => id === this.current)?.parent ?? null;
    return [this.#before, parent].find((id) => id !== this.current && versions.some((each) => each.id === id)) ?? null;
  }

  /** Show a value; the song plays on if it is the same one. */
  async show(value) {
    const turn = ++this.#shows;
    let charts;
    try {
      charts = await Promise.all(value.versions.map(({ chart }) => this.#chart(chart.url)));
    } catch (error) {
      this.part.isBusy = false;
      return this.player.controls.say(`${error.message}: reload the page.`);
    }
    if (turn !== this.#shows) return; // another value came meanwhile
    const urls = new Set(value.versions.map(({ chart }) => chart.url));
    for (const url of this.#charts.keys()) if (!urls.has(url)) this.#charts.delete(url);
    if (value.song !== this.#value.song) this.#before = null;
    else if (value.current !== this.current) this.#before = this.current;
    const isNew = this.#wasShown && value.versions.some(({ chart }) => !this.#seen.has(chart.url));
    for (const url of urls) this.#seen.add(url);
    this.#wasShown = true;
    this.#value = value;
    if (isNew) this.#comeIntoSight();
    this.part.isBusy = false;
    const index = value.versions.findIndex(({ id }) => id === value.current);
    this.list.show(value, this.other);
    await this.player.show({ charts, audioUrl: value.audio?.url ?? null, selected: Math.max(0, index) });
    this.part.update();
  }

  /** `percent` of what is drawn is done; 0 while it waits for its turn. */
  drawing(percent) {
    this.part.progress = percent;
  }

  /** Play another version at the position where the song is. */
  choose(id) {
    const index = this.#value.versions.findIndex((version) => version.id === id);
    if (index >= 0) this.player.setChart(index);
  }

  compare() {
    if (this.other !== null) this.choose(this.other);
  }

  #chosenInPlayer(index) {
    const id = this.#value.versions[index]?.id ?? null;
    if (id !== null && id !== this.current) {
      this.#before = this.current;
      this.#value = { ...this.#value, current: id };
      this.list.mark(id, this.other);
      this.tell("choose", { song: this.#value.song, id });
    }
    this.part.update();
  }

  #ask(name, detail = {}) {
    this.tell(name, { song: this.#value.song, ...detail });
  }

  /** Scroll to the player if a new version plays where it cannot be seen: under a form, on a phone. */
  #comeIntoSight() {
    const { top, bottom } = this.player.host.getBoundingClientRect();
    if (top > innerHeight - 100 || bottom < 100) this.player.host.scrollIntoView({ block: "start" });
  }

  #draw(wanted) {
    this.part.isBusy = true;
    this.#ask("draw", { id: this.current, ...wanted });
  }

  #key(event) {
    const key = event.key.toLowerCase();
    const isCommand = event.ctrlKey || event.metaKey;
    const origin = event.composedPath()[0];
    if (event.altKey || origin.matches?.("select, textarea, input:not([type=radio], [type=range])")) return;
    if (key === "b" && !isCommand) this.compare();
    else if (isCommand && (key === "z" || key === "y")) {
      const isRedo = key === "y" || event.shiftKey;
      if (isRedo ? this.#value.can_redo : this.#value.can_undo) this.#ask(isRedo ? "redo" : "undo");
    } else return;
    event.preventDefault();
  }

  #chart(url) {
    if (!this.#charts.has(url)) {
      const fetched = fetch(url).then((answer) => {
        if (!answer.ok) throw new Error(`A version could not be loaded (${answer.status})`);
        return answer.json();
      });
      this.#charts.set(url, fetched);
      fetched.catch(() => this.#charts.delete(url));
    }
    return this.#charts.get(url);
  }
}
