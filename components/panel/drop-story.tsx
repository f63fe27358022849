'use client';

// Why a flow was dropped: the reason in words, what the policies say, and where in the kernel.

import type { Flow } from '#proto/gen/flow/flow.ts';
import type { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import type { FlowRow } from '../store/flow-row.ts';
import { explainDrop } from './drop-reasons.ts';
import { Fact } from './panel-parts.tsx';

interface DropStoryProps {
  readonly row: FlowRow;
  readonly details: FlowDetails | undefined;
  readonly flow: Flow | undefined;
}

export function DropStory({ row, details, flow }: DropStoryProps) {
  const { what, look } = explainDrop(row.dropReason);
  const policy = details?.policy;
  const denied = [...(flow?.ingressDeniedBy ?? []), ...(flow?.egressDeniedBy ?? [])].map(
    (each) => `${each.namespace}/${each.name}`,
  );
  const reasons = [...(policy?.ingressReasons ?? []), ...(policy?.egressReasons ?? [])];
  return (
    <section
      aria-label="Why it was dropped"
      className="mx-5 mt-4 rounded-notice bg-bad-soft p-3.5 text-xs leading-[18px]"
    >
      <p className="font-medium">{policy?.summary || what}</p>
      {policy?.summary && <p className="mt-1">{what}</p>}
      {reasons.map((reason) => (
        <p key={reason} className="mt-1 text-fg-2">
          {reason}
        </p>
      ))}
      <p className="mt-1.5 text-fg-2">{look}</p>
      <dl className="mt-2 grid grid-cols-[110px_1fr] gap-y-1">
        <Fact name="Kernel reason" value={row.dropReason} />
        <Fact name="Kernel function" value={details?.drop?.location ?? ''} />
        <Fact
          name="Network ns"
          value={details?.drop?.networkNamespace ? `net:[${details.drop.networkNamespace}]` : ''}
        />
        <Fact name="Stands for" value={(details?.drop?.count ?? 0n) > 1n ? `${details?.drop?.count} drops` : ''} />
        <Fact name="Denied by" value={denied.join(', ')} />
      </dl>
    </section>
  );
}
