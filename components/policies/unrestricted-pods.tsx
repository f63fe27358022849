// Pods that had traffic in the window which no policy restricts.

import type { UnrestrictedPod } from '#proto/gen/parallax/v1/dashboard.ts';
import { wholeNumber } from '../format/figures.ts';

export function UnrestrictedPods({ pods }: { readonly pods: readonly UnrestrictedPod[] }) {
  if (pods.length === 0) return null;
  return (
    <section className="mt-7">
      <h2 className="mb-2 font-semibold text-sm">Pods that no policy restricts</h2>
      <table className="w-full text-cell">
        <thead className="text-left text-2xs text-fg-3">
          <tr className="[&>th]:pb-1.5 [&>th]:font-normal">
            <th>Pod</th>
            <th className="text-right">Flows into it</th>
            <th className="text-right">Flows out of it</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {pods.map(({ namespace, name, ingress, egress }) => (
            <tr key={`${namespace}/${name}`} className="[&>td]:h-8">
              <td>
                <span className="text-fg-3">{namespace}/</span>
                {name}
              </td>
              <td className="text-right">{cell(ingress)}</td>
              <td className="text-right">{cell(egress)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A dash where the pod is restricted in that direction, or had no traffic. */
function cell(count: bigint): string {
  return count === 0n ? '–' : wholeNumber(Number(count));
}
