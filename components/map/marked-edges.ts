// Edges that another view wants to see on the map (a policy preview says what it would refuse and admit), as the URL spells
// them: "c:shop/web>shop/cart,o:shop/web>db/redis,+12", the last for how many were left out.

import type { EdgeMark, MarkedEdge } from './map-view-types.ts';

export interface MarkedEdges {
  readonly edges: readonly MarkedEdge[];
  /** Left out: an address can be only so long. */
  readonly omitted: number;
}

/** Some 40 characters each: an address of 2,500, which every server and chat takes. */
export const MOST_MARKED = 60;

/** The gravest first: what would close must not be missed. */
const letters: Readonly<Record<EdgeMark, string>> = { closes: 'c', unsure: 'u', opens: 'o' };
const marks = Object.keys(letters) as EdgeMark[];

/** The gravest, where there are too many. */
export function markedEdgesText(edges: readonly MarkedEdge[]): string {
  const ordered = marks.flatMap((mark) => edges.filter((edge) => edge.mark === mark));
  const parts = ordered
    .slice(0, MOST_MARKED)
    .map(({ source, destination, mark }) => `${letters[mark]}:${escaped(source)}>${escaped(destination)}`);
  return [...parts, ...(ordered.length > MOST_MARKED ? [`+${ordered.length - MOST_MARKED}`] : [])].join(',');
}

/** What cannot be read is left out. @returns null where nothing can */
export function markedEdgesFrom(text: string): MarkedEdges | null {
  const edges: MarkedEdge[] = [];
  let omitted = 0;
  for (const part of text.split(',')) {
    const [, letter, source = '', destination = ''] = /^([cou]):([^>]+)>([^>]+)$/.exec(part) ?? [];
    const mark = marks.find((each) => letters[each] === letter);
    if (mark !== undefined && edges.length < MOST_MARKED)
      edges.push({ source: unescaped(source), destination: unescaped(destination), mark });
    if (/^\+\d{1,6}$/.test(part)) omitted = Number(part.slice(1));
  }
  return edges.length === 0 ? null : { edges, omitted };
}

/** Only what would be read as part of the spelling, so that the address stays legible. */
function escaped(name: string): string {
  return name.replace(/[%,>]/g, encodeURIComponent);
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
