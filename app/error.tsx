'use client';

// What a reader sees when a view fails: what went wrong, in its own words, and two ways on. The data goes on behind it.

import { TriangleAlert } from 'lucide-react';
import { Button } from '#components/controls/button.tsx';

export default function ViewFailed(props: { readonly error: Error; readonly reset: () => void }) {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 px-6 text-center">
      <TriangleAlert size={28} strokeWidth={1.6} className="text-bad" aria-hidden />
      <h1 className="font-semibold text-title">This view failed</h1>
      <p className="max-w-xl break-words font-mono text-fg-2 text-mono">{props.error.message}</p>
      <p className="flex gap-2">
        <Button onClick={props.reset}>Try again</Button>
        <Button onClick={() => window.location.assign(window.location.pathname)}>
          Without its filter and selection
        </Button>
      </p>
    </main>
  );
}
