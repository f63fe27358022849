'use client';

// How complete the picture is: nodes, what each hop saw and lost, how old the newest flow is, and how far back we see.

import { byteText, shortNumber, wholeNumber } from '../format/figures.ts';
import { spanText } from '../format/times.ts';
import { useSnapshot } from '../store/dashboard-provider.tsx';
import type { StatusModel } from '../store/status-model.ts';
import { CoverageTable } from './coverage-table.tsx';
import { NodeTable } from './node-table.tsx';

export function StatusPage() {
  const status = useSnapshot((snapshot) => snapshot.status);
  const counters = useSnapshot((snapshot) => snapshot.counters);
  return (
    <main className="mx-auto h-full w-full max-w-5xl overflow-y-auto px-6 py-6">
      <h1 className="font-semibold text-title">Nodes and coverage</h1>
      <p className="mt-1 text-fg-2">What is seen, what is lost on the way, and where.</p>
      {status === undefined ? (
        <p className="mt-6 text-fg-2">Asking the relay.</p>
      ) : (
        <>
          <Figures status={status} />
          <CoverageTable hops={status.hops} page={counters} />
          <NodeTable nodes={status.nodes} />
          <p className="mt-6 text-2xs text-fg-3">Relay {status.version}</p>
        </>
      )}
    </main>
  );
}

function Figures({ status }: { readonly status: StatusModel }) {
  const figures = [
    { name: 'Flows', value: shortNumber(status.flowsPerSecond), unit: '/s' },
    {
      name: 'Newest flow',
      value: status.newestFlowAgeMs < 1000 ? '<1' : spanText(status.newestFlowAgeMs).split(' ')[0],
      unit: status.newestFlowAgeMs < 1000 ? 's ago' : `${spanText(status.newestFlowAgeMs).split(' ')[1]} ago`,
    },
    {
      name: 'Memory reaches back',
      value: status.oldestFlowMs === 0 ? '–' : spanText(Date.now() - status.oldestFlowMs),
      unit: '',
    },
    { name: 'Flows in memory', value: wholeNumber(status.ringFlows), unit: '' },
    { name: 'Ring', value: byteText(status.ringBytes), unit: `of ${byteText(status.ringCapacityBytes)}` },
  ];
  return (
    <dl className="mt-5 grid grid-cols-2 gap-4 rounded-notice border border-line bg-surface p-4 md:grid-cols-5">
      {figures.map(({ name, value, unit }) => (
        <div key={name}>
          <dt className="text-2xs text-fg-3">{name}</dt>
          <dd className="font-semibold text-title leading-7">
            {value} <span className="font-normal text-fg-3 text-xs">{unit}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
