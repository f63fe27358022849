'use client';

// The editor of policies: CodeMirror with YAML, faults in the gutter. Loaded only when the view is opened.

import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { defaultHighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { linter, lintGutter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers, placeholder } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { checkText } from './check-text.ts';

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12px', color: 'var(--color-fg)', backgroundColor: 'var(--color-sunken)' },
  '&.cm-focused': { outline: '2px solid var(--color-accent)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '18px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--color-fg-3)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--color-fg)' },
  '.cm-placeholder': { color: 'var(--color-fg-2)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--color-raised)',
    color: 'var(--color-fg)',
    border: '1px solid var(--color-line)',
  },
  // One hue for all that is not plain text: the default ones are made for a white page.
  '.cm-line span': { color: 'inherit' },
});

interface PolicyEditorProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
}

export default function PolicyEditor({ text, onChange }: PolicyEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const told = useRef(onChange);
  told.current = onChange;
  const first = useRef(text);

  useEffect(() => {
    if (place.current === null) return;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          ...[lineNumbers(), history(), indentOnInput(), yaml(), syntaxHighlighting(defaultHighlightStyle), look],
          ...[linter((editor) => checkText(editor.state.doc.toString()), { delay: 300 }), lintGutter()],
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          placeholder('Paste policies, or drop files here'),
          EditorView.contentAttributes.of({ 'aria-label': 'Policies to try, YAML' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) told.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  // Files that were dropped, or an example: what the editor itself did not write.
  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  return <div ref={place} className="h-full overflow-hidden rounded-control border border-line" />;
}
