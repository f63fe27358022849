// One side of the proxy: the connection as the kernel saw it, or why it is not known.

import Link from 'next/link';
import { type StoryHop, StoryHop_Certainty } from '#proto/gen/parallax/v1/access_log.ts';
import { durationText, plural } from '../format/figures.ts';
import { Fact } from '../panel/panel-parts.tsx';
import { endpointText } from './log-row.ts';

const certaintyWords: Readonly<Record<number, string>> = {
  [StoryHop_Certainty.EXACT]: 'exact: the same addresses and ports',
  [StoryHop_Certainty.ADDRESSES]: 'likely: the same addresses and time',
  [StoryHop_Certainty.NONE]: 'not seen by the kernel',
};

export function StoryHopFacts({ title, hop }: { readonly title: string; readonly hop: StoryHop }) {
  const { tcp, flows, certainty, reason, source, destination } = hop;
  const first = flows[0];
  const names = first === undefined ? '' : [first.source, first.destination].map(endpointText).join(' → ');
  return (
    <section className="rounded-card border border-line p-3 text-xs">
      <h4 className="font-medium">{title}</h4>
      {source !== '' && (
        <p className="mt-0.5 break-all font-mono text-fg-2 text-mono">
          {source} → {destination}
        </p>
      )}
      <p className={`mt-1.5 ${certainty === StoryHop_Certainty.EXACT ? 'text-ok' : 'text-fg-3'}`}>
        {certaintyWords[certainty] ?? ''}
      </p>
      {reason !== '' && <p className="mt-0.5 text-fg-3">{reason}</p>}
      <dl className="mt-1.5 grid grid-cols-[112px_1fr] gap-x-2 gap-y-0.5">
        <Fact name="ends" value={names.replace(/^ → $/, '')} />
        <Fact
          name="round trip"
          value={tcp === undefined || tcp.smoothedRttUs === 0 ? '' : durationText(tcp.smoothedRttUs)}
        />
        <Fact name="connect took" value={tcp === undefined || tcp.connectUs === 0 ? '' : durationText(tcp.connectUs)} />
        <Fact name="retransmits" value={tcp === undefined ? '' : String(tcp.retransmits)} />
      </dl>
      {flows.length > 0 && (
        <Link
          href={`/flows?q=${encodeURIComponent(flowFilter(source, destination))}`}
          className="mt-1.5 inline-block text-accent hover:underline"
        >
          {plural(flows.length, 'flow')} of the kernel
        </Link>
      )}
    </section>
  );
}

/** Either direction of the connection, in the words of the flow filter. */
function flowFilter(source: string, destination: string): string {
  return `ip:${host(source)} ip:${host(destination)}`;
}

function host(end: string): string {
  return end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
