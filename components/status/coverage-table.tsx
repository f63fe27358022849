// Coverage hop by hop: seen = delivered + lost, from the kernel to this page.

import { wholeNumber } from '../format/figures.ts';
import type { Counters } from '../store/messages.ts';
import type { HopModel } from '../store/status-model.ts';

export function CoverageTable({ hops, page }: { readonly hops: readonly HopModel[]; readonly page: Counters }) {
  const own: HopModel = {
    hop: 'this page',
    node: '',
    seen: page.matched,
    lost: page.lost,
    late: 0,
    losses: page.skipped > 0 ? [{ kind: 'left out of the table to keep its rate', count: page.skipped }] : [],
  };
  return (
    <section className="mt-7">
      <h2 className="mb-2 font-semibold text-sm">Coverage</h2>
      <table className="w-full text-cell">
        <thead className="text-left text-2xs text-fg-3">
          <tr className="[&>th]:whitespace-nowrap [&>th]:pr-6 [&>th]:pb-1.5 [&>th]:font-normal">
            <th>Hop</th>
            <th>Node</th>
            <th className="text-right">Seen</th>
            <th className="text-right">Lost</th>
            <th className="text-right">Late</th>
            <th>What was lost</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {[...hops, own].map((hop) => (
            <tr key={`${hop.hop} ${hop.node}`} className="[&>td]:h-8 [&>td]:py-1.5 [&>td]:pr-6 [&>td]:align-top">
              <td className="whitespace-nowrap font-medium">{hop.hop}</td>
              <td className="whitespace-nowrap text-fg-2">{hop.node || 'all'}</td>
              <td className="text-right">{wholeNumber(hop.seen)}</td>
              <td className={`text-right ${hop.lost > 0 ? 'text-warn' : 'text-fg-3'}`}>{wholeNumber(hop.lost)}</td>
              <td className="text-right text-fg-3">{wholeNumber(hop.late)}</td>
              <td className="text-fg-2">
                {hop.losses.map(({ kind, count }) => `${wholeNumber(count)} ${kind}`).join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
