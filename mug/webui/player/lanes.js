/** Where the lanes of the playfield lie, and what colour each has. Pure. */

const TIME_RANGE_MS = 11485; // osu!mania: a note is seen for this long, divided by the scroll speed
const MAX_LANE_PX = [
  [4, 88],
  [7, 66],
  [10, 54],
  [18, 44],
]; // up to so many keys
const GUTTER_PX = 34; // left of the lanes: measure numbers
const EDGE_PX = 6; // right of the lanes

/** The kind of a column: alternating from both edges inwards; odd key counts have a centre. */
export function columnKind(column, keys) {
  const fromEdge = Math.min(column, keys - 1 - column);
  if (keys % 2 && keys > 1 && column === keys >> 1) return "centre";
  return fromEdge % 2 ? "inner" : "outer";
}

/**
 * The layout of a canvas of width x height CSS px: {left, laneWidth, lineY, direction, travel, noteHeight, waveLeft,
 * waveWidth}. A note at distance d ms in front of the line lies at lineY + direction * d * pxPerMs.
 */
export function layoutOf(width, height, keys, { upScroll, waveform }) {
  const waveWidth = waveform ? Math.max(28, Math.min(76, width * 0.1)) : 0;
  const gutter = Math.min(GUTTER_PX, width * 0.08);
  const room = width - waveWidth - gutter - EDGE_PX;
  const most = MAX_LANE_PX.find(([upTo]) => keys <= upTo)[1];
  const laneWidth = Math.max(8, Math.min(most, Math.floor(room / keys)));
  const field = laneWidth * keys;
  const left = Math.round(Math.max(waveWidth + gutter, Math.min((width - field) / 2, width - field - EDGE_PX)));
  const header = Math.round(Math.max(44, Math.min(68, height * 0.11)));
  return {
    width,
    height,
    keys,
    left,
    laneWidth,
    header,
    lineY: upScroll ? header : height - header,
    direction: upScroll ? 1 : -1,
    travel: height - header,
    noteHeight: Math.max(10, Math.min(24, Math.round(laneWidth * 0.34))),
    waveLeft: left - gutter - waveWidth,
    waveWidth,
  };
}

/** Pixels per ms of the chart. The speed on the screen does not depend on the rate, as in osu!. */
export function scrollScale(layout, scrollSpeed, rate) {
  return layout.travel / ((TIME_RANGE_MS / scrollSpeed) * rate);
}
