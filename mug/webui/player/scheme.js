/** Dark or light: one choice for the page and its player. Dark at first; the visitor's choice stays. */

const STORE = "mug-scheme";
export const SCHEME_CHANGED = "mug-scheme"; // an event of the window

/** The scheme in use, "dark" or "light". */
export function scheme() {
  const shown = document.documentElement.dataset.scheme;
  if (shown) return shown;
  try {
    return localStorage.getItem(STORE) === "light" ? "light" : "dark";
  } catch {
    return "dark"; // storage is off
  }
}

/** Show a scheme, and keep it. */
export function setScheme(name) {
  document.documentElement.dataset.scheme = name;
  try {
    localStorage.setItem(STORE, name);
  } catch {
    // storage is off: it lasts until the page is closed
  }
  window.dispatchEvent(new Event(SCHEME_CHANGED));
}
