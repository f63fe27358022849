// The page's colour tokens as canvas fill styles, read once per theme.

export interface Palette {
  readonly bg: string;
  readonly raised: string;
  readonly sunken: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly fg: string;
  readonly fg2: string;
  readonly fg3: string;
  readonly accent: string;
  readonly ok: string;
  readonly warn: string;
  readonly bad: string;
  readonly edge: string;
  readonly group: string;
  readonly groupLine: string;
  readonly dotGrid: string;
  readonly particle: string;
  readonly font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim() || 'gray';
  return {
    bg: token('bg'),
    raised: token('raised'),
    sunken: token('sunken'),
    line: token('line'),
    lineStrong: token('line-strong'),
    fg: token('fg'),
    fg2: token('fg-2'),
    fg3: token('fg-3'),
    accent: token('accent'),
    ok: token('ok'),
    warn: token('warn-fill'),
    bad: token('bad'),
    edge: token('edge'),
    group: token('group'),
    groupLine: token('group-line'),
    dotGrid: token('dot-grid'),
    particle: token('particle'),
    font: style.fontFamily,
  };
}
