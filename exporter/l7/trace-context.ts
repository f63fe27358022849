// W3C Trace Context (w3.org/TR/trace-context): the trace id of a traceparent header.

const PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const NO_TRACE = '0'.repeat(32);

/** 32 hex digits in lower case, or empty if absent or invalid. */
export function parseTraceId(traceparent: string | undefined): string {
  if (traceparent === undefined) return '';
  const traceId = PARENT.test(traceparent) ? traceparent.slice(3, 35) : '';
  return traceId === NO_TRACE ? '' : traceId;
}
