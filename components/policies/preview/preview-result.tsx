// What would become of the flows: sums, then each connection with its figures and why, and all of them on the map.

import Link from 'next/link';
import type { PolicyChanges, PolicyPreviewEdge, PolicyPreviewResult } from '#proto/gen/parallax/v1/policy.ts';
import { type Mark, MarkShape } from '../../flows/verdict-mark.tsx';
import { plural, wholeNumber } from '../../format/figures.ts';
import { clock } from '../../format/times.ts';
import { markedEdgesText } from '../../map/marked-edges.ts';
import { useFilterText, useWindowSeconds } from '../../url/url-state.ts';
import { edgesToMark } from './edges-to-mark.ts';

type ChangeKey = Exclude<keyof PolicyChanges, '_unknownFields'>;

const classes: readonly { readonly key: ChangeKey; readonly word: string; readonly mark: Mark }[] = [
  { key: 'newlyDenied', word: 'newly denied', mark: 'bad' },
  { key: 'newlyAllowed', word: 'newly allowed', mark: 'ok' },
  { key: 'uncertain', word: 'uncertain', mark: 'warn' },
  { key: 'unchanged', word: 'unchanged', mark: 'none' },
];

interface PreviewResultProps {
  readonly result: PolicyPreviewResult;
  readonly onlyChanged: boolean;
}

export function PreviewResultView({ result, onlyChanged }: PreviewResultProps) {
  const edges = result.edges.filter((edge) => !onlyChanged || classOf(edge).key !== 'unchanged');
  return (
    <section aria-label="What would change" className="mt-5">
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {classes.map(({ key, word, mark }) => (
          <span key={key} className="flex items-center gap-1.5">
            <MarkShape mark={mark} />
            {countOf(result.flows, key)} {word}
          </span>
        ))}
      </p>
      <p className="mt-1 text-fg-2 text-xs">
        Read {result.dialect === 'cilium' ? 'as Cilium enforces them' : 'as Kubernetes prescribes'}.{' '}
        {wholeNumber(Number(result.leftOut))} flows are not for policies to decide.
        {result.isPartial && ' Not all flows of the window could be read.'}
      </p>
      <MapLink result={result} />
      {result.warnings.map((warning) => (
        <p key={warning} className="mt-2 rounded-notice bg-warn-soft p-2.5 text-xs">
          {warning}
        </p>
      ))}
      {edges.length === 0 && <p className="mt-4 text-fg-2 text-xs">No connection would change.</p>}
      <ul className="mt-4 flex flex-col gap-2">
        {edges.map((edge) => (
          <li key={`${edge.source} ${edge.destination} ${edge.protocol} ${edge.port}`}>
            <Edge edge={edge} />
          </li>
        ))}
      </ul>
      {result.omittedEdges > 0n && (
        <p className="mt-3 text-fg-2 text-xs">And {plural(Number(result.omittedEdges), 'connection')} more.</p>
      )}
    </section>
  );
}

/** The map keeps the reader's filter and window: what was tried is what is looked at. */
function MapLink({ result }: { readonly result: PolicyPreviewResult }) {
  const [filter] = useFilterText();
  const [windowSeconds] = useWindowSeconds();
  const edges = edgesToMark(result.edges);
  if (edges.length === 0) return null;
  const query = new URLSearchParams({
    ...(filter === '' ? {} : { q: filter }),
    window: `${windowSeconds}`,
    marks: markedEdgesText(edges),
  });
  return (
    <p className="mt-2 text-xs">
      <Link href={`/?${query}`} className="rounded-chip text-accent hover:underline">
        Show on the map
      </Link>
    </p>
  );
}

function Edge({ edge }: { readonly edge: PolicyPreviewEdge }) {
  const worst = classOf(edge);
  const name = `${edge.source} to ${edge.destination}`;
  const flows = new URLSearchParams({
    q: `from:workload:${shortName(edge.source)} to:workload:${shortName(edge.destination)}`,
  });
  return (
    <article aria-label={name} className="rounded-notice border border-line bg-surface px-4 py-3 text-cell">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h3 className="min-w-0 flex-1 truncate font-medium">
          {edge.source} <span className="font-normal text-fg-3">to</span> {edge.destination}
          <span className="font-normal text-fg-3">
            {' '}
            {edge.protocol} {edge.port}
          </span>
        </h3>
        {classes.map(
          ({ key, word, mark }) =>
            (edge.flows?.[key] ?? 0n) > 0n && (
              <span key={key} className="flex items-center gap-1.5 whitespace-nowrap text-xs">
                <MarkShape mark={mark} />
                {countOf(edge.flows, key)} {word}
              </span>
            ),
        )}
      </div>
      {worst.key !== 'unchanged' && (
        <details className="mt-1.5 text-xs leading-[18px]">
          <summary className="cursor-pointer text-fg-2">Why</summary>
          {edge.why.map((reason) => (
            <p key={reason} className="mt-1 pl-3">
              {reason}
            </p>
          ))}
          <p className="mt-1 pl-3 text-fg-2">
            For example at {edge.exampleUnixMs.map((ms) => clock(Number(ms))).join(', ')}.{' '}
            <Link href={`/flows?${flows}`} className="rounded-chip text-accent hover:underline">
              Show its flows
            </Link>
          </p>
        </details>
      )}
    </article>
  );
}

function classOf({ flows }: PolicyPreviewEdge) {
  return classes.find(({ key }) => (flows?.[key] ?? 0n) > 0n) ?? unchanged;
}

const unchanged = { key: 'unchanged', word: 'unchanged', mark: 'none' } as const;

function countOf(flows: PolicyChanges | undefined, key: ChangeKey): string {
  return wholeNumber(Number(flows?.[key] ?? 0n));
}

function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
