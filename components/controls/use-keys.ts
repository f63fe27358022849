'use client';

// Page-wide keys. They are silent while the reader types, and while a dialog or menu is open, which has keys of its own.

import { useEffect, useRef } from 'react';

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** @param keys by KeyboardEvent.key, with "mod+" in front for Ctrl or Cmd. */
export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const mod = event.ctrlKey || event.metaKey;
      const act = current.current[mod ? `mod+${event.key.toLowerCase()}` : event.key];
      if (act === undefined || event.defaultPrevented || event.altKey) return;
      if (!mod && isBusy(event.target)) return;
      act(event);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"][data-state="open"], [role="menu"]') !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea, select');
}
