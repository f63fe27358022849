'use client';

// One flow in full: what was asked, how it went and why, both ends, the processes, and the message as it came.

import { ArrowRight } from 'lucide-react';
import { dropWords, MarkShape, markOf } from '../flows/verdict-mark.tsx';
import { verdictWord } from '../flows/verdict-words.ts';
import { byteText, durationText } from '../format/figures.ts';
import { clockMs } from '../format/times.ts';
import { PolicyStory } from '../policies/policy-story.tsx';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import type { FlowRow } from '../store/flow-row.ts';
import type { Inspected } from '../store/messages.ts';
import { flowKey as keyOf } from '../url/selection.ts';
import { DropStory } from './drop-story.tsx';
import { EndpointCard } from './endpoint-card.tsx';
import { Fact, NotHere, PanelHead, PanelSection } from './panel-parts.tsx';
import { RawFlow } from './raw-flow.tsx';
import { Tabs } from './tabs.tsx';
import { TraceLink } from './trace-link.tsx';
import { useInspected } from './use-inspected.ts';
import { ViewpointsSection } from './viewpoints-section.tsx';

export function FlowPanel({ flowKey }: { readonly flowKey: string }) {
  const row = useSnapshot((snapshot) => snapshot.rows.findLast((each) => keyOf(each) === flowKey));
  const hasRows = useSnapshot((snapshot) => snapshot.rows.length > 0);
  const inspected = useInspected(row);
  if (row === undefined) return hasRows ? <NotHere what="This flow" /> : null;
  return (
    <>
      <PanelHead
        icon={<ArrowRight size={19} strokeWidth={1.8} aria-hidden />}
        title={`${row.method} ${row.request}`}
        subtitle={`${row.source.name} to ${row.destination.name} at ${clockMs(row.timeMs)}`}
      />
      <Tabs
        tabs={[
          { name: 'Overview', body: <FlowOverview row={row} inspected={inspected} /> },
          { name: 'Raw', body: <RawFlow json={inspected?.json} /> },
        ]}
      />
    </>
  );
}

function FlowOverview({ row, inspected }: { readonly row: FlowRow; readonly inspected: Inspected | undefined }) {
  const details = inspected?.details;
  const tcp = details?.tcp;
  const traceId = inspected?.flow?.traceContext?.parent?.traceId ?? '';
  return (
    <>
      <div className="flex items-center gap-2 px-5 pt-4 text-sm">
        <MarkShape mark={markOf(row)} />
        <span className={row.verdict === 'dropped' ? 'text-bad' : ''}>{verdictWord(row)}</span>
        {row.status !== '' && <span className="text-fg-2">with {row.status}</span>}
        {row.latencyUs >= 0 && row.verdict !== 'dropped' && (
          <span className="text-fg-2">in {durationText(row.latencyUs)}</span>
        )}
        {row.dropReason !== '' && <span className="text-fg-2">{dropWords(row.dropReason)}</span>}
      </div>
      {row.verdict === 'dropped' && <DropStory row={row} details={details} flow={inspected?.flow} />}
      {details?.policy !== undefined && row.verdict !== 'dropped' && (
        <PanelSection title="Why">
          <PolicyStory policy={details.policy} />
        </PanelSection>
      )}
      <PanelSection title="From">
        <EndpointCard endpoint={row.source} process={details?.sourceProcess} location={details?.sourceLocation} />
      </PanelSection>
      <PanelSection title="To">
        <EndpointCard
          endpoint={row.destination}
          process={details?.destinationProcess}
          location={details?.destinationLocation}
        />
      </PanelSection>
      <ViewpointsSection row={row} />
      <PanelSection title="Facts">
        <dl className="grid grid-cols-[120px_1fr] gap-y-1.5 text-cell">
          <Fact name="Node" value={row.node} />
          <Fact name="Bytes" value={row.bytes < 0 ? '' : byteText(row.bytes)} />
          <Fact
            name="Round trip"
            value={tcp === undefined || tcp.smoothedRttUs === 0 ? '' : durationText(tcp.smoothedRttUs)}
          />
          <Fact name="Connect" value={tcp === undefined || tcp.connectUs === 0 ? '' : durationText(tcp.connectUs)} />
          <Fact name="Retransmits" value={tcp === undefined || tcp.retransmits === 0 ? '' : String(tcp.retransmits)} />
          <Fact name="Failed because" value={tcp?.connectError ?? ''} />
          <Fact name="TLS" value={[details?.tls?.version, details?.tls?.serverName].filter(Boolean).join(', ')} />
          {traceId !== '' && (
            <>
              <dt className="text-fg-3">Trace</dt>
              <dd className="min-w-0">
                <TraceLink traceId={traceId} />
              </dd>
            </>
          )}
          <Fact name="Policies" value={policyNames(inspected?.flow)} />
          <Fact
            name="Known since"
            value={details?.joinedMidway ? 'capture joined midway: earlier figures are unknown' : ''}
          />
        </dl>
      </PanelSection>
    </>
  );
}

function policyNames(flow: Inspected['flow']): string {
  const all = [
    ...(flow?.ingressAllowedBy ?? []),
    ...(flow?.egressAllowedBy ?? []),
    ...(flow?.ingressDeniedBy ?? []),
    ...(flow?.egressDeniedBy ?? []),
  ];
  return [...new Set(all.map((policy) => [policy.namespace, policy.name].filter(Boolean).join('/')))].join(', ');
}
