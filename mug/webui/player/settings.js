/** What the player remembers of a visitor, in localStorage. */

const STORE = "mug-player";
const DEFAULTS = {
  scrollSpeed: 16, // as in osu!mania: 1 to 40
  upScroll: false,
  waveform: true,
  offsetMs: 0, // positive: the notes come later
  music: 0.8, // volumes, 0 to 1
  hitSounds: 0.5,
};

export function loadSettings() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE)) ?? {};
    const usable = Object.entries(kept).filter(([name, value]) => typeof value === typeof DEFAULTS[name]);
    return { ...DEFAULTS, ...Object.fromEntries(usable) };
  } catch {
    return { ...DEFAULTS }; // storage is off, or holds something else
  }
}

export function saveSettings(settings) {
  try {
    localStorage.setItem(STORE, JSON.stringify(settings));
  } catch {
    // storage is off: they last until the page is closed
  }
}
