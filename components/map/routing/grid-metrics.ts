// The map's measures in world pixels (zoom 1). Rows are of one height, columns of one width; only gutters vary.

export const CARD_HEIGHT = 44;
/** 44 card + 16 gap: room for three lanes between two cards. */
export const ROW_PITCH = 60;
/** From a box's edge to its cards: sides, bottom, and the top strip that holds the label. */
export const BOX_SIDE = 12;
export const BOX_BOTTOM = 12;
export const BOX_TOP = 36;
/** The label's strip, measured upwards from the first card; lanes keep out of it. */
export const LABEL_FROM = 32;
export const LABEL_TO = 13;
/** Nothing runs closer than this to a card or a box's line. */
export const CARD_CLEARANCE = 4;
export const LINE_CLEARANCE = 3;
/** Between two lanes that run side by side. */
export const LANE_PITCH = 7;
export const TRACK_PITCH = 5;
/** Gutter room left of the first lane and right of the last: corner rounding, and the arrow head. */
export const LANE_MARGIN_LEFT = 14;
export const LANE_MARGIN_RIGHT = 18;
export const MIN_GUTTER = 52;
/** A hub's gutter stops growing here; its lanes then draw together. */
export const MAX_GUTTER = 260;
export const CORNER_RADIUS = 12;

/** Cards are as wide as most names need, between these; longer names get a middle ellipsis. */
const MIN_CARD_WIDTH = 144;
const MAX_CARD_WIDTH = 184;
/** Icon, paddings and status dot; then the mean advance of Geist at 12.5 px. */
const CARD_CHROME = 76;
const LETTER_WIDTH = 6.8;

/** Card width for a set of names: all but the longest twentieth fit, in steps of 8 px. */
export function cardWidthFor(names: readonly string[]): number {
  const lengths = names.map((name) => name.length).sort((left, right) => left - right);
  const typical = lengths[Math.ceil((lengths.length - 1) * 0.95)] ?? 0;
  const wanted = Math.ceil((CARD_CHROME + typical * LETTER_WIDTH) / 8) * 8;
  return Math.max(MIN_CARD_WIDTH, Math.min(MAX_CARD_WIDTH, wanted));
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}
