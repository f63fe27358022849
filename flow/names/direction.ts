// Traffic direction, as the endpoint that observed it sees it.

import { type Flow, TrafficDirection } from '#proto/gen/flow/flow.ts';

export const directionWords: readonly string[] = ['ingress', 'egress'];

/** 'ingress', 'egress' or 'unknown'. */
export function directionWord(direction: TrafficDirection): string {
  return directionWords[direction - 1] ?? 'unknown';
}

/** In any case; undefined for anything but ingress and egress. */
export function directionOfText(text: string): TrafficDirection | undefined {
  switch (text.toLowerCase()) {
    case 'ingress':
      return TrafficDirection.INGRESS;
    case 'egress':
      return TrafficDirection.EGRESS;
    default:
      return undefined;
  }
}

/** Which way the arrow of one flow points: '<-' for a reply, '<>' where unknown. */
export function directionArrow(flow: Pick<Flow, 'isReply'>): '->' | '<-' | '<>' {
  if (flow.isReply === undefined) return '<>';
  return flow.isReply ? '<-' : '->';
}
