'use client';

// The course of what is selected, asked of the relay again with each of its buckets while the tab is seen.

import { useEffect, useState } from 'react';
import { type Series, seriesFrom } from '../store/series.ts';
import { watchKey } from '../store/watch-key.ts';
import { useFilterText, useScope, useWindowSeconds } from '../url/url-state.ts';

const EVERY_MS = 5_000;

export type SeriesOf = { readonly vertex: string } | { readonly from: string; readonly to: string };

/** @returns undefined until the relay has answered, or where it cannot */
export function useSeries(of: SeriesOf): Series | undefined {
  const [filter] = useFilterText();
  const [windowSeconds] = useWindowSeconds();
  const [scope] = useScope();
  const query = `${watchKey(filter, windowSeconds, scope)}&${new URLSearchParams(of)}`;
  const [series, setSeries] = useState<{ readonly query: string; readonly series: Series | undefined }>();
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      if (document.hidden) return;
      const answer = await fetchSeries(query, abort.signal);
      if (!abort.signal.aborted) setSeries({ query, series: answer });
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [query]);
  return series?.query === query ? series.series : undefined;
}

/** A relay that does not answer is told of above the page; the chart just has nothing to show. */
async function fetchSeries(query: string, signal: AbortSignal): Promise<Series | undefined> {
  try {
    const response = await fetch(`/api/series?${query}`, { signal });
    return response.ok ? seriesFrom(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}
