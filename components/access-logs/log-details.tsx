'use client';

// One record told in full: what happened, where the time went, what the kernel saw on both sides of the proxy, what the
// flags mean, and every field that the proxy sent.

import { X } from 'lucide-react';
import Link from 'next/link';
import { explainResponseFlag } from '#flow/response-flags.ts';
import { AccessLogRecord } from '#proto/gen/parallax/v1/access_log.ts';
import { Button } from '../controls/button.tsx';
import { useKeys } from '../controls/use-keys.ts';
import { durationText } from '../format/figures.ts';
import { meshWords } from '../format/mesh-words.ts';
import { plainJson } from '../format/plain-json.ts';
import { clockMs } from '../format/times.ts';
import { Fact, PanelSection } from '../panel/panel-parts.tsx';
import { type LogRow, toLogRow } from './log-row.ts';
import { StatusText } from './status-text.tsx';
import { StoryHopFacts } from './story-hop.tsx';
import { useStory } from './use-story.ts';
import { Waterfall } from './waterfall.tsx';

export function LogDetails({ number, onClose }: { readonly number: number; readonly onClose: () => void }) {
  const { story, trouble } = useStory(number);
  useKeys({ Escape: onClose });
  const row = story?.record === undefined ? undefined : toLogRow(story.record);
  return (
    <aside
      aria-label="Details"
      className="absolute inset-y-0 right-0 z-10 flex w-[400px] max-w-full flex-col overflow-y-auto border-line border-l bg-surface pb-6 max-xl:shadow-pop xl:static"
    >
      <header className="flex items-start gap-3 px-5 pt-4">
        <div className="min-w-0 flex-1">
          <h2 className="break-all font-semibold text-title">
            {row === undefined ? `Record ${number}` : <bdi>{`${row.method} ${row.path.slice(0, 200)}`}</bdi>}
          </h2>
          {row !== undefined && <p className="truncate text-fg-2 text-xs">{row.service}</p>}
        </div>
        <Button weight="icon" aria-label="Close details" onClick={onClose}>
          <X size={15} strokeWidth={1.8} aria-hidden />
        </Button>
      </header>
      {trouble !== '' && <p className="px-5 pt-3 text-fg-2 text-xs">{trouble}</p>}
      {story !== undefined && row !== undefined && (
        <>
          <Outcome row={row} />
          <PanelSection title="Where the time went">
            <Waterfall spans={story.spans} />
          </PanelSection>
          <PanelSection title="Beside the kernel">
            <div className="flex flex-col gap-2">
              {story.downstream !== undefined && <StoryHopFacts title="Client to proxy" hop={story.downstream} />}
              {story.upstream !== undefined && <StoryHopFacts title="Proxy to server" hop={story.upstream} />}
            </div>
          </PanelSection>
          <Flags flags={row.flags} />
          <PanelSection title="See also">
            <Links row={row} />
          </PanelSection>
          <PanelSection title="Every field">
            <AllFields record={row.record} />
          </PanelSection>
        </>
      )}
    </aside>
  );
}

function Outcome({ row }: { readonly row: LogRow }) {
  const { origin, truncated, entry } = row.record;
  const details = entry?.$case === 'http' ? (entry.value.response?.responseCodeDetails ?? '') : '';
  const common = entry?.value.commonProperties;
  return (
    <dl className="grid grid-cols-[112px_1fr] gap-x-2 gap-y-0.5 px-5 pt-4 text-xs">
      {row.status >= 0 && (
        <>
          <dt className="text-fg-3">status</dt>
          <dd>
            <StatusText status={row.status} />
          </dd>
        </>
      )}
      <Fact name="duration" value={row.durationUs < 0 ? '' : durationText(row.durationUs)} />
      <Fact name="began" value={clockMs(row.timeMs)} />
      <Fact name="source" value={row.source} />
      <Fact name="upstream" value={row.upstream} />
      <Fact name="route" value={row.route} />
      <Fact name="mesh" value={meshWords[row.mesh] ?? ''} />
      <Fact
        name="attempts"
        value={(common?.upstreamRequestAttemptCount ?? 0) > 1 ? String(common?.upstreamRequestAttemptCount) : ''}
      />
      <Fact name="details" value={details} />
      <Fact name="ended by" value={common?.connectionTerminationDetails ?? ''} />
      <Fact name="upstream TLS" value={common?.upstreamTransportFailureReason ?? ''} />
      <Fact name="request id" value={row.requestId} />
      <Fact
        name="told by"
        value={[origin?.proxy, origin?.proxyVersion, origin?.podName || origin?.nodeId].filter(Boolean).join(' ')}
      />
      <Fact name="log" value={origin?.logName ?? ''} />
      <Fact name="cut" value={truncated.join(', ')} />
    </dl>
  );
}

function Flags({ flags }: { readonly flags: readonly string[] }) {
  if (flags.length === 0) return null;
  return (
    <PanelSection title="Response flags">
      <ul className="flex flex-col gap-2 text-xs">
        {flags.map((code) => {
          const flag = explainResponseFlag(code);
          return (
            <li key={code} className="rounded-card bg-warn-soft p-3">
              <span className="font-medium font-mono text-mono">{code}</span>{' '}
              {flag === undefined ? (
                'Not one of Envoy’s own flags: an extension of this proxy sets it.'
              ) : (
                <>
                  {flag.meaning} <span className="text-fg-2">{flag.causes}</span>
                  <span className="mt-1 block text-fg-3">Look at {flag.lookAt}.</span>
                </>
              )}
            </li>
          );
        })}
      </ul>
    </PanelSection>
  );
}

function Links({ row }: { readonly row: LogRow }) {
  const { destination } = row.record;
  const pod = destination?.podName ? `${destination.namespace}/${destination.podName}` : '';
  const [namespace] = row.service.split('/');
  const links = [
    ...(pod === '' ? [] : [{ href: `/flows?q=${encodeURIComponent(`pod:${pod}`)}`, text: 'Flows of the server' }]),
    ...(row.service.includes('/') && namespace
      ? [{ href: `/?q=${encodeURIComponent(`namespace:${namespace}`)}`, text: 'Map of its namespace' }]
      : []),
    { href: '/verdicts', text: 'Refused traffic' },
  ];
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
      {links.map(({ href, text }) => (
        <Link key={href} href={href} className="text-accent hover:underline">
          {text}
        </Link>
      ))}
    </p>
  );
}

function AllFields({ record }: { readonly record: AccessLogRecord }) {
  const text = plainJson(AccessLogRecord.toJSON(record), 2);
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable without a pointer
      tabIndex={0}
      className="max-h-96 overflow-auto whitespace-pre-wrap break-all rounded-card bg-sunken p-3 font-mono text-mono"
    >
      {text}
    </pre>
  );
}
