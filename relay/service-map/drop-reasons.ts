// Drop reasons as small numbers: Hubble's own below 256, and from 256 on the kernel's names in the order in which they were first
// heard. A name once given stays for the life of the process, so numbers may be kept and added up.

import { DropReason } from '#proto/gen/flow/flow.ts';

const FIRST_KERNEL_NAME = 256;
/** Names of the kernel that are kept; it has some 130, a name beyond shows Hubble's word. */
const MAX_KERNEL_NAMES = 256;

const hubbleNames: ReadonlyMap<number, string> = new Map(
  Object.entries(DropReason).map(([name, number]) => [number, name]),
);

const numbers = new Map<string, number>();
const names: string[] = [];

/** The kernel's own name says more than Hubble's word; where there is none, or no room for it, Hubble's number stays. */
export function dropReasonNumber(kernelName: string, hubbleReason: number): number {
  if (kernelName === '') return hubbleReason & 0xff;
  const known = numbers.get(kernelName);
  if (known !== undefined) return known;
  if (names.length >= MAX_KERNEL_NAMES) return hubbleReason & 0xff;
  const number = FIRST_KERNEL_NAME + names.length;
  names.push(kernelName);
  numbers.set(kernelName, number);
  return number;
}

export function dropReasonOf(number: number): string {
  return names[number - FIRST_KERNEL_NAME] ?? hubbleNames.get(number) ?? String(number);
}
