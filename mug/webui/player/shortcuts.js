/** The keyboard: shortcuts of the player, and the keys of test play while it runs. */

const BEATS = { ArrowLeft: -1, ArrowRight: 1 };

/** What a key press asks for: [action, value], null for nothing. */
export function actionOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (event.code in BEATS) return [event.shiftKey ? "measure" : "beat", BEATS[event.code]];
  const byKey = {
    " ": ["toggle"],
    "+": ["speed", 1],
    "=": ["speed", 1],
    "-": ["speed", -1],
    ",": ["rate", -1],
    ".": ["rate", 1],
    "[": ["rangeStart"],
    "]": ["rangeEnd"],
    l: ["loop"],
    n: ["finding"],
    t: ["mode"],
    Home: ["start"],
    Escape: ["escape"],
    "?": ["help"],
  };
  return byKey[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}

/** Whether a key press belongs to a control and not to the player. */
export function isTyping(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input, select, textarea")) return event.key !== "Escape";
  return target.matches("button") && (event.key === " " || event.key === "Enter");
}
