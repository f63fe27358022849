// Short texts of payloads that come again and again (methods, hosts, agents, content types), made once: finding one costs
// less than making it, and leaves nothing for the garbage collector. A text that is rare pushes out one other at most.

import { latin1 } from './latin1.ts';

/** 1,024 texts of 128 characters: 160 KB. */
const SLOTS = 1024;
const MAX_CHARS = 128;
/** Bytes at the start and at the end that a text is found by; all are compared. */
const HASHED = 8;

const texts: string[] = Array.from({ length: SLOTS }, () => '');

/** data[start, end), one character a byte. */
export function cachedText(data: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length <= 0) return '';
  if (length > MAX_CHARS) return latin1(data, start, end);
  let hash = length;
  const headEnd = Math.min(end, start + HASHED);
  for (let i = start; i < headEnd; i++) hash = Math.imul(hash ^ (data[i] as number), 0x0100_0193);
  for (let i = Math.max(headEnd, end - HASHED); i < end; i++) hash = Math.imul(hash ^ (data[i] as number), 0x0100_0193);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = texts[slot] as string;
  if (known.length === length && isSame(known, data, start)) return known;
  const text = latin1(data, start, end);
  texts[slot] = text;
  return text;
}

function isSame(text: string, data: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== data[start + i]) return false;
  return true;
}
