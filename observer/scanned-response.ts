// What a scan of a GetFlowsResponse finds: one instance is filled again for each message.

import { KIND_NONE, REPLY_UNSET } from './columns.ts';
import { EndpointParts } from './endpoint-parts.ts';

/** See FlowColumns for the meaning of each field. */
export class ScannedResponse {
  kind = KIND_NONE;
  hasTime = false;
  timeSeconds = 0;
  timeNanos = 0;
  verdict = 0;
  dropReason = 0;
  direction = 0;
  isReply = REPLY_UNSET;
  hasEventType = false;
  eventType = 0;
  eventSubType = 0;
  flowType = 0;
  ipVersion = 0;
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  tcpFlags = 0;
  l7Type = 0;
  l7Kind = 0;
  httpCode = 0;
  latencyNs = 0;
  hasDetails = false;
  reason = 0;
  initiatorNewBytes = 0;
  responderNewBytes = 0;
  readonly source = new EndpointParts();
  readonly destination = new EndpointParts();
  readonly node = new EndpointParts();

  clear(): void {
    this.kind = KIND_NONE;
    this.hasTime = false;
    this.timeSeconds = 0;
    this.timeNanos = 0;
    this.clearFlow();
  }

  clearFlow(): void {
    this.verdict = 0;
    this.dropReason = 0;
    this.direction = 0;
    this.isReply = REPLY_UNSET;
    this.hasEventType = false;
    this.eventType = 0;
    this.eventSubType = 0;
    this.flowType = 0;
    this.ipVersion = 0;
    this.clearL4();
    this.clearL7();
    this.clearDetails();
    this.source.clear();
    this.destination.clear();
    this.node.clear();
  }

  clearL4(): void {
    this.protocol = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.tcpFlags = 0;
  }

  clearL7(): void {
    this.l7Type = 0;
    this.l7Kind = 0;
    this.httpCode = 0;
    this.latencyNs = 0;
  }

  clearDetails(): void {
    this.hasDetails = false;
    this.reason = 0;
    this.initiatorNewBytes = 0;
    this.responderNewBytes = 0;
  }
}
