'use client';

// From a flow to its trace in whatever tracing system the page was told of.

import { ExternalLink } from 'lucide-react';
import { createContext, type ReactNode, useContext } from 'react';

const TraceUrl = createContext('');

/** @param template a URL with {trace_id} in it; '' for none */
export function TraceUrlProvider({ template, children }: { readonly template: string; readonly children: ReactNode }) {
  return <TraceUrl.Provider value={template}>{children}</TraceUrl.Provider>;
}

/** The id alone where no tracing system is known. */
export function TraceLink({ traceId }: { readonly traceId: string }) {
  const template = useContext(TraceUrl);
  if (template === '') return <span className="break-all font-mono text-mono">{traceId}</span>;
  return (
    <a
      href={template.replaceAll('{trace_id}', encodeURIComponent(traceId))}
      target="_blank"
      rel="noreferrer"
      className="inline-flex max-w-full items-center gap-1 rounded-chip font-mono text-accent text-mono hover:underline"
    >
      <span className="truncate">{traceId}</span>
      <ExternalLink size={12} className="shrink-0" aria-label="opens in another tab" />
    </a>
  );
}
