// What a visitor sees, measured: `faintTexts()`, `faintControls()` and `nextStop()` look into shadow roots as well.

const NUMBER = /[\d.]+/g;

function rgba(text) {
  const canvas = (rgba.canvas ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (/^rgba?\(/.test(text)) {
    const [r, g, b, a = 1] = text.match(NUMBER).map(Number);
    return [r, g, b, a];
  }
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = text; // such as color-mix()
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];

function luminance([r, g, b]) {
  const linear = [r, g, b].map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const parentOf = (element) => element.parentElement ?? element.getRootNode().host ?? null;

function everything(root = document, found = []) {
  for (const element of root.querySelectorAll("*")) {
    found.push(element);
    if (element.shadowRoot) everything(element.shadowRoot, found);
  }
  return found;
}

/** The colour behind an element, all see-through layers put together. */
function backgroundOf(element) {
  const layers = [];
  for (let at = element; at; at = parentOf(at)) layers.push(rgba(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
}

function opacityOf(element) {
  let opacity = 1;
  for (let at = element; at; at = parentOf(at)) opacity *= Number(getComputedStyle(at).opacity);
  return opacity;
}

function isSeen(element) {
  if (!element.checkVisibility({ checkVisibilityCSS: true })) return false;
  for (let at = element; at; at = parentOf(at)) {
    const { clip, clipPath, position } = getComputedStyle(at);
    if (position === "absolute" && (clip.startsWith("rect(0") || clipPath === "inset(50%)")) return false;
  }
  const { width, height } = element.getBoundingClientRect();
  return width > 1 && height > 1;
}

function nameOf(element) {
  const path = [];
  for (let at = element; at && path.length < 4; at = parentOf(at)) {
    const classes = [...at.classList].filter((name) => !name.startsWith("svelte-")).slice(0, 2);
    path.unshift([at.tagName.toLowerCase() + (at.id ? `#${at.id}` : ""), ...classes].join("."));
  }
  return path.join(" > ");
}

const isOff = (element) => element.closest("[disabled], [aria-disabled=true], fieldset:disabled") !== null;

/** Texts whose contrast is below WCAG's AA: [where, text, ratio, least]. Controls that are off are exempt. */
export function faintTexts() {
  const faint = [];
  for (const element of everything()) {
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const field = element.matches("input:not([type=range], [type=checkbox], [type=radio], [type=file]), textarea");
    const text = field ? element.value || element.placeholder : own.map((node) => node.textContent.trim()).join("");
    if (!text || ["SCRIPT", "STYLE", "OPTION", "TITLE"].includes(element.tagName)) continue;
    if (isOff(element) || !isSeen(element)) continue;
    const style = getComputedStyle(element, field && !element.value ? "::placeholder" : null);
    const [size, weight] = [parseFloat(style.fontSize), Number(style.fontWeight)];
    const least = size >= 24 || (size >= 18.66 && weight >= 700) ? 3 : 4.5;
    const background = backgroundOf(element);
    const colour = rgba(style.color);
    colour[3] *= opacityOf(element);
    const ratio = contrast(over(colour, background), background);
    if (ratio < least) faint.push([nameOf(element), text.slice(0, 40), Number(ratio.toFixed(2)), least]);
  }
  return faint;
}

/** Controls whose edge, or whose fill, does not stand out 3:1 from what lies around: [where, ratio]. */
export function faintControls() {
  const kinds = "input:not([type=range], [type=file], .border-none, [type=hidden]), select, textarea";
  return everything()
    .filter((element) => element.matches(kinds) && !isOff(element) && isSeen(element))
    .map((element) => {
      let box = element; // a field may have its edge around it, with its buttons
      let ratio = 0;
      for (let up = 0; box && up < 2; up++, box = parentOf(box)) {
        const around = backgroundOf(parentOf(box));
        const style = getComputedStyle(box);
        const edge = parseFloat(style.borderBottomWidth) > 0 ? over(rgba(style.borderBottomColor), around) : around;
        ratio = Math.max(ratio, contrast(edge, around), contrast(backgroundOf(box), around));
      }
      return [nameOf(element), Number(ratio.toFixed(2))];
    })
    .filter(([, ratio]) => ratio < 3);
}

/** Where the focus is: [an id of the element, where, whether a ring shows, whether it is seen]; null for nowhere. */
export function focused() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return null;
  focused.ids ??= new Map();
  if (!focused.ids.has(at)) focused.ids.set(at, focused.ids.size);
  const ringed = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  };
  let ring = ringed(at);
  for (let up = parentOf(at), far = 0; up && far < 4; up = parentOf(up), far++) ring ||= ringed(up);
  const { width, height } = at.getBoundingClientRect();
  return [focused.ids.get(at), nameOf(at), ring, width > 1 && height > 1];
}

/** What reaches over the right edge of the window, other than inside of a box that scrolls: [where, by how many px]. */
export function overhang() {
  const edge = document.documentElement.clientWidth;
  const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  const isInside = (element) => {
    for (let at = parentOf(element); at; at = parentOf(at)) if (scrolls(at)) return true;
    return false;
  };
  return everything()
    .map((element) => [element, Math.round(element.getBoundingClientRect().right - edge)])
    .filter(([element, by]) => by > 0 && isSeen(element) && !isInside(element))
    .map(([element, by]) => [nameOf(element), by]);
}
