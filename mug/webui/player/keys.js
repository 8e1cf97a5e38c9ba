/** Which keyboard keys play which columns: osu!mania's defaults, and the player's own in localStorage. */

const LEFT = ["KeyA", "KeyS", "KeyD", "KeyF"];
const RIGHT = ["KeyJ", "KeyK", "KeyL", "Semicolon"];
const TEN = ["KeyA", "KeyS", "KeyD", "KeyF", "KeyV", "KeyN", "KeyJ", "KeyK", "KeyL", "Semicolon"];
// Above 10 keys the columns are two stages side by side, as in osu!'s co-op.
const FIRST_STAGE = [["KeyQ", "KeyW", "KeyE", "KeyR"], "KeyV", ["KeyI", "KeyO", "KeyP", "BracketLeft"]];
const SECOND_STAGE = [["KeyS", "KeyD", "KeyF", "KeyG"], "KeyB", ["KeyJ", "KeyK", "KeyL", "Semicolon"]];
const STORE = "mug-player-keys";
const SIGNS = { Semicolon: ";", BracketLeft: "[", BracketRight: "]", Comma: ",", Period: ".", Slash: "/", Quote: "'" };

function stage([left, centre, right], keys) {
  const half = keys >> 1;
  return [...left.slice(left.length - half), ...(keys % 2 ? [centre] : []), ...right.slice(0, half)];
}

/** The key codes of the columns, from the left, as osu!mania sets them at first. */
export function defaultKeys(keys) {
  if (keys === 10) return [...TEN];
  if (keys < 10) return stage([LEFT, "Space", RIGHT], keys);
  return [...stage(FIRST_STAGE, (keys + 1) >> 1), ...stage(SECOND_STAGE, keys >> 1)];
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {}; // storage is off, or holds something else
  }
}

/** The key codes of the columns: the player's own if there are any. */
export function keysFor(keys) {
  const own = stored()[keys];
  return Array.isArray(own) && own.length === keys ? own : defaultKeys(keys);
}

/** Keep key codes for a key count; null goes back to the defaults. */
export function saveKeys(keys, codes) {
  const all = stored();
  if (codes === null) delete all[keys];
  else all[keys] = codes;
  try {
    localStorage.setItem(STORE, JSON.stringify(all));
  } catch {
    // storage is off: the keys last until the page is closed
  }
}

/** A key code as it is written on the key. */
export function keyName(code) {
  return (
    SIGNS[code] ??
    code
      .replace(/^(Key|Digit)/, "")
      .replace(/^Numpad/, "Num ")
      .replace(/^Arrow/, "")
  );
}
