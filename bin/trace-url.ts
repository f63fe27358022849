// The page's link to a tracing system: a URL in which {trace_id} stands for the trace.

const PLACE = '{trace_id}';

/** @returns the template as it was given. Throws Error saying what it should be. */
export function parseTraceUrl(text: string): string {
  const example = 'https://jaeger.example/trace/{trace_id}';
  if (!text.includes(PLACE)) throw new Error(`--trace-url ${text} has no ${PLACE} in it; say for example ${example}`);
  const url = URL.parse(text.replaceAll(PLACE, '0'));
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error(`--trace-url ${text} is no http or https address; say for example ${example}`);
  }
  return text;
}
