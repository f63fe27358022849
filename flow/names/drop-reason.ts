// Drop reasons: Cilium's (Flow.drop_reason_desc) and the kernel's (FlowDetails.drop), one way to name both.

import { DropReason, dropReasonToJSON, type Flow } from '#proto/gen/flow/flow.ts';
import { readFlowDetails } from '../details.ts';
import { wordsOfName } from './words.ts';

const namesByNumber: ReadonlyMap<number, string> = new Map(
  Object.values(DropReason)
    .filter((reason) => reason > 0)
    .map((reason) => [reason, dropReasonToJSON(reason)]),
);
const numbersByName: ReadonlyMap<string, DropReason> = new Map(
  Object.values(DropReason)
    .filter((reason) => reason >= 0)
    .map((reason) => [dropReasonToJSON(reason), reason]),
);

/** Names that dropReasonOfText knows, in the order of their numbers. */
export const dropReasonNames: readonly string[] = [...namesByNumber.values()];

/** A wire name in any case, or its number. */
export function dropReasonOfText(text: string): DropReason | undefined {
  const byName = numbersByName.get(text.toUpperCase().replaceAll('-', '_'));
  if (byName !== undefined || !/^[0-9]{1,3}$/.test(text)) return byName;
  return numbersByName.get(namesByNumber.get(Number(text)) ?? '');
}

/** "Policy denied"; a code without a name is its number. */
export function dropCodeText(code: number): string {
  const name = namesByNumber.get(code);
  return name === undefined ? String(code) : wordsOfName(name.replace(/^DROP_/, ''));
}

/**
 * Wire name of why the flow was dropped, the kernel's where it told one (NETFILTER_DROP), else Cilium's. Undefined for
 * a flow without reason.
 */
export function dropReasonName(flow: Pick<Flow, 'extensions' | 'dropReasonDesc'>): string | undefined {
  const kernelReason = readFlowDetails(flow)?.drop?.reason ?? '';
  return kernelReason === '' ? namesByNumber.get(flow.dropReasonDesc) : kernelReason;
}

/** As dropReasonName, in words: "Netfilter drop". */
export function dropReasonText(flow: Flow): string | undefined {
  const name = dropReasonName(flow);
  return name === undefined ? undefined : wordsOfName(name.replace(/^DROP_/, ''));
}
