'use client';

// Asks for the report of policies while the tab is seen, and keeps the last answer over a failure.

import { useEffect, useState } from 'react';
import { PolicyReport } from '#proto/gen/parallax/v1/dashboard.ts';

const ASK_EVERY_MS = 3_000;

export interface PolicyAnswer {
  readonly report: PolicyReport | undefined;
  /** Why the latest question went unanswered. */
  readonly trouble: string;
}

export function usePolicyReport(windowSeconds: number): PolicyAnswer {
  const [answer, setAnswer] = useState<PolicyAnswer>({ report: undefined, trouble: '' });
  useEffect(() => {
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        if (!document.hidden) {
          const report = await fetchReport(windowSeconds, stopped.signal);
          setAnswer({ report, trouble: '' });
        }
      } catch (error) {
        const trouble = error instanceof Error ? error.message : String(error);
        if (!stopped.signal.aborted) setAnswer(({ report }) => ({ report, trouble }));
      }
      if (!stopped.signal.aborted) timer = setTimeout(() => void ask(), ASK_EVERY_MS);
    };
    void ask();
    return () => {
      stopped.abort();
      clearTimeout(timer);
    };
  }, [windowSeconds]);
  return answer;
}

async function fetchReport(windowSeconds: number, signal: AbortSignal): Promise<PolicyReport> {
  const response = await fetch(`/api/policies?window=${windowSeconds}`, { signal });
  if (!response.ok) throw new Error((await response.text()).trim());
  return PolicyReport.fromJSON(await response.json());
}
