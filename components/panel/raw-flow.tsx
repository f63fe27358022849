'use client';

import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../controls/button.tsx';

/** The flow as JSON, in the form that the command line prints. */
export function RawFlow({ json }: { readonly json: string | undefined }) {
  const [copied, setCopied] = useState('');
  if (json === undefined) return <p className="px-5 pt-5 text-fg-2 text-xs">Reading…</p>;
  if (json === '') return <p className="px-5 pt-5 text-fg-2 text-xs">This flow has left the memory of the page.</p>;
  return (
    <div className="relative">
      <Button
        weight="icon"
        aria-label="Copy"
        className="absolute top-2 right-3"
        onClick={() => void navigator.clipboard?.writeText(json).then(() => setCopied(json))}
      >
        {copied === json ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </Button>
      <pre className="overflow-x-auto px-5 py-3 font-mono text-fg-2 text-mono">{json}</pre>
    </div>
  );
}
