import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineTable } from '../routing/line-table.ts';
import { mapSvg, type SavedMap } from './map-svg.ts';
import type { Palette } from './palette.ts';

const colours =
  'bg raised sunken line lineStrong fg fg2 fg3 accent ok warn bad edge group groupLine dotGrid particle font';
const palette = Object.fromEntries(colours.split(' ').map((name) => [name, `--${name}`])) as unknown as Palette;
const card = { title: 'web', line: '12/s', status: 'ok', isDashed: false, isSelected: false, isFaded: false } as const;
const map: SavedMap = {
  bounds: { x: 0, y: 0, width: 500, height: 200 },
  lines: lineTable(
    new Map([
      [
        'a>b',
        [
          { x: 100, y: 50 },
          { x: 300, y: 50 },
        ],
      ],
    ]),
  ),
  picture: {
    boxes: [{ id: 'shop', rect: { x: 0, y: 0, width: 500, height: 200 }, title: 'shop & <co>', count: 2 }],
    cards: [{ ...card, rect: { x: 10, y: 30, width: 120, height: 44 } }],
    hasLabels: true,
    styles: [{ status: 'ok', emphasis: 'plain', width: 1.3, mark: 'closes' }],
    styleOf: new Uint8Array([0]),
  },
  drops: [],
  palette,
};

test('a saved map has its cards, boxes and lines, and no name breaks out of its text', () => {
  const svg = mapSvg(map);
  assert.match(svg, />web<\/text>/);
  assert.match(svg, /shop &amp; &lt;co&gt;/);
  assert.match(svg, /<path d="M100 50L300 50"/);
});

test('a mark is drawn by colour and by shape', () => {
  assert.match(mapSvg(map), /stroke="--bad" stroke-width="1\.3" stroke-dasharray="10 4"/);
  assert.match(mapSvg(map), /<path d="M196 46l8 8m0 -8l-8 8" stroke="--bad"/);
});
