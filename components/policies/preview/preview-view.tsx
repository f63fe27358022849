'use client';

// "If these applied": policies typed, pasted or dropped, tried on the flows of the window.

import { lazy, Suspense, useState } from 'react';
import { Button } from '../../controls/button.tsx';
import { useFilterText, useWindowSeconds } from '../../url/url-state.ts';
import { PreviewResultView } from './preview-result.tsx';
import { usePreview } from './use-preview.ts';

const PolicyEditor = lazy(() => import('./policy-editor.tsx'));

export function PreviewView() {
  const [text, setText] = useState('');
  const [only, setOnly] = useState(false);
  const [onlyChanged, setOnlyChanged] = useState(true);
  const [windowSeconds] = useWindowSeconds();
  const [filterText] = useFilterText();
  const [{ result, isRunning, progress, trouble }, run] = usePreview();

  const takeFiles = async (files: readonly File[]) => {
    const texts = await Promise.all(files.map((file) => file.text()));
    setText([text, ...texts].filter((each) => each.trim() !== '').join('\n---\n'));
  };

  return (
    <div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping files is a shortcut for pasting, which the editor takes */}
      <div
        className="mt-4 h-[260px]"
        onDragOver={(event) => event.preventDefault()}
        onDropCapture={(event) => {
          if (event.dataTransfer.files.length === 0) return;
          event.preventDefault();
          event.stopPropagation();
          void takeFiles([...event.dataTransfer.files]);
        }}
      >
        <Suspense fallback={<p className="text-fg-2 text-xs">Loading the editor.</p>}>
          <PolicyEditor text={text} onChange={setText} />
        </Suspense>
      </div>
      <div className="mt-3 flex flex-wrap items-center gap-x-5 gap-y-2 text-xs">
        <Button onClick={() => run({ text, windowSeconds, filterText, only })} disabled={isRunning}>
          Try on the flows of the window
        </Button>
        <Check label="Instead of the policies in force" isOn={only} onChange={setOnly} />
        <Check label="Only what changes" isOn={onlyChanged} onChange={setOnlyChanged} />
        <span role="status" className="text-fg-2">
          {isRunning && `Reading flows: ${Math.round(progress * 100)} %`}
        </span>
      </div>
      {trouble !== '' && (
        <p role="alert" className="mt-3 rounded-notice bg-bad-soft p-3 text-xs leading-[18px]">
          {trouble}
        </p>
      )}
      {result !== undefined && <PreviewResultView result={result} onlyChanged={onlyChanged} />}
    </div>
  );
}

interface CheckProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Check({ label, isOn, onChange }: CheckProps) {
  return (
    <label className="flex items-center gap-1.5">
      <input
        type="checkbox"
        checked={isOn}
        onChange={(event) => onChange(event.target.checked)}
        className="accent-accent"
      />
      {label}
    </label>
  );
}
