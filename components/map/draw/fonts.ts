// Fonts for text that a worker draws: a page's @font-face rules do not reach it, so it is told their files.

export interface FontFile {
  readonly family: string;
  /** As in CSS, with absolute addresses. */
  readonly source: string;
  readonly weight: string;
  readonly unicodeRange: string;
}

/** Files of the first family of a font list, as the page's own style sheets name them. */
export function fontFiles(fontFamily: string): FontFile[] {
  const wanted = unquoted(fontFamily.split(',')[0] ?? '');
  return [...document.styleSheets].flatMap((sheet) => filesOf(sheet, wanted));
}

function filesOf(sheet: CSSStyleSheet, wanted: string): FontFile[] {
  const base = sheet.href ?? document.baseURI;
  return rulesOf(sheet).flatMap((rule) => {
    if (!(rule instanceof CSSFontFaceRule)) return [];
    const value = (name: string) => rule.style.getPropertyValue(name).trim();
    const family = unquoted(value('font-family'));
    const file = /url\(\s*["']?([^"')]+)["']?\s*\)/.exec(value('src'))?.[1];
    if (family !== wanted || file === undefined) return [];
    return [
      {
        family,
        source: `url("${new URL(file, base).href}")`,
        weight: value('font-weight') || '400',
        unicodeRange: value('unicode-range') || 'U+0-10FFFF',
      },
    ];
  });
}

/** A sheet of another origin, an extension's say, does not let itself be read. */
function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules];
  } catch {
    return [];
  }
}

function unquoted(name: string): string {
  return name.trim().replace(/^["']|["']$/g, '');
}
