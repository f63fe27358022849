'use client';

// One preview at a time: asks the page's server, tells progress, keeps the last result until there is another.

import { useCallback, useRef, useState } from 'react';
import { PolicyPreviewReply, type PolicyPreviewResult } from '#proto/gen/parallax/v1/policy.ts';

export interface PreviewState {
  readonly result: PolicyPreviewResult | undefined;
  readonly isRunning: boolean;
  /** Share of the flows that were read, 0 to 1. */
  readonly progress: number;
  readonly trouble: string;
}

export interface PreviewQuestion {
  readonly text: string;
  readonly windowSeconds: number;
  readonly filterText: string;
  /** Instead of the policies in force. */
  readonly only: boolean;
}

const idle: PreviewState = { result: undefined, isRunning: false, progress: 0, trouble: '' };

export function usePreview(): [PreviewState, (question: PreviewQuestion) => void] {
  const [state, setState] = useState(idle);
  const running = useRef<AbortController>(null);
  const run = useCallback((question: PreviewQuestion) => {
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    setState(({ result }) => ({ result, isRunning: true, progress: 0, trouble: '' }));
    const tell = (change: Partial<PreviewState>) => {
      if (!stop.signal.aborted) setState((before) => ({ ...before, ...change }));
    };
    ask(question, stop.signal, (progress) => tell({ progress })).then(
      (result) => tell({ result, isRunning: false }),
      (error: unknown) => tell({ isRunning: false, trouble: error instanceof Error ? error.message : String(error) }),
    );
  }, []);
  return [state, run];
}

async function ask(
  { text, windowSeconds, filterText, only }: PreviewQuestion,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<PolicyPreviewResult> {
  const query = new URLSearchParams({ window: `${windowSeconds}`, q: filterText, only: `${only}` });
  const response = await fetch(`/api/policy-preview?${query}`, { method: 'POST', body: text, signal });
  if (!response.ok) throw new Error((await response.text()).trim());
  for await (const line of lines(response)) {
    const value: unknown = JSON.parse(line);
    const { error } = value as { error?: unknown };
    if (typeof error === 'string') throw new Error(error);
    const { reply } = PolicyPreviewReply.fromJSON(value);
    if (reply?.$case === 'result') return reply.value;
    if (reply?.$case === 'progress')
      onProgress(Number(reply.value.flowsRead) / Math.max(1, Number(reply.value.flowsToRead)));
  }
  throw new Error('The answer ended before its result.');
}

async function* lines(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    if (done) break;
    const parts = (rest + value).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((part) => part !== '');
  }
  if (rest !== '') yield rest;
}
