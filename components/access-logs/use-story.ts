'use client';

// The story of one record, asked again some times after it was opened: the kernel tells of a connection every 5 s, so its
// flows may come after the log.

import { useEffect, useState } from 'react';
import { AccessLogStory } from '#proto/gen/parallax/v1/access_log.ts';

const askEveryMs = 3_000;
const asks = 4;

export interface StoryAnswer {
  readonly story: AccessLogStory | undefined;
  readonly trouble: string;
}

export function useStory(number: number): StoryAnswer {
  const [answer, setAnswer] = useState<StoryAnswer>({ story: undefined, trouble: '' });
  useEffect(() => {
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (left: number) => {
      try {
        const headers = { accept: 'application/x-protobuf' };
        const response = await fetch(`/api/access-logs/story?number=${number}`, { headers, signal: stopped.signal });
        if (!response.ok) throw new Error((await response.text()).trim());
        const story = AccessLogStory.decode(new Uint8Array(await response.arrayBuffer()));
        setAnswer({ story, trouble: '' });
      } catch (error) {
        const trouble = error instanceof Error ? error.message : String(error);
        if (!stopped.signal.aborted) setAnswer(({ story }) => ({ story, trouble: story === undefined ? trouble : '' }));
      }
      if (left > 1 && !stopped.signal.aborted) timer = setTimeout(() => void ask(left - 1), askEveryMs);
    };
    setAnswer({ story: undefined, trouble: '' });
    void ask(asks);
    return () => {
      stopped.abort();
      clearTimeout(timer);
    };
  }, [number]);
  return answer;
}
