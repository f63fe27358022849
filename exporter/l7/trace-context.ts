// W3C Trace Context (w3.org/TR/trace-context): the trace id of a traceparent header.

/** 32 hex digits in lower case, or empty if absent or invalid. */
export function parseTraceId(traceparent: string | undefined): string {
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(traceparent ?? '')?.[1] ?? '';
  return /^0+$/.test(traceId) ? '' : traceId;
}
