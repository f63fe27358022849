// FlowDetails of a draft to bytes, as Flow.extensions has them: fields in falling order, since it is written backwards.
// Tags are field << 3 | wire type, with the field numbers of proto/parallax/v1/flow_details.proto.

import { flowDetailsTypeUrl } from '#flow/details.ts';
import { KernelDrop, type Operation, TlsHello } from '#proto/gen/parallax/v1/flow_details.ts';
import type { ConnectionSide } from '../kernel/kernel-record.ts';
import type { Dialled } from '../service-translations.ts';
import type { BackwardWriter } from './backward-writer.ts';
import type { FlowDraft } from './flow-draft.ts';

const EXTENSIONS = 1_200_002;
const TYPE_URL = Buffer.from(flowDetailsTypeUrl);

export function writeDetails(writer: BackwardWriter, draft: FlowDraft): void {
  const anyEnd = writer.at;
  writeFields(writer, draft);
  writer.close(18, anyEnd);
  writer.messageField(10, TYPE_URL);
  writer.close(EXTENSIONS, anyEnd);
}

function writeFields(writer: BackwardWriter, draft: FlowDraft): void {
  const { layer7 } = draft;
  writer.messageField(154, draft.tlsPlaintext);
  writer.varintField(120, draft.joinedMidway ? 1 : 0);
  writer.varintField(112, draft.viewSource);
  if (layer7 !== undefined) writer.varintField(104, Number(layer7.requestNumber));
  if (draft.dialled !== undefined) writeTranslation(writer, draft.dialled);
  if (layer7?.operation !== undefined) writeOperation(writer, layer7.operation);
  if (layer7?.tls !== undefined) writer.messageField(74, TlsHello.encode(layer7.tls).finish());
  if (draft.drop !== undefined) writer.messageField(66, KernelDrop.encode(draft.drop).finish());
  writer.messageField(58, draft.destinationProcess);
  writer.messageField(50, draft.sourceProcess);
  if (draft.tcpHealth !== undefined) writeTcpHealth(writer, draft);
  if (draft.openedSeconds >= 0) writeTimestamp(writer, 34, draft.openedSeconds, draft.openedNanos);
  if (draft.responderTraffic !== undefined) writeTraffic(writer, 26, draft.responderTraffic);
  if (draft.initiatorTraffic !== undefined) writeTraffic(writer, 18, draft.initiatorTraffic);
  writer.varintField(8, draft.columns.reason);
}

/** google.protobuf.Timestamp, of the epoch or later. */
export function writeTimestamp(writer: BackwardWriter, tag: number, seconds: number, nanos: number): void {
  const end = writer.at;
  writer.varintField(16, nanos);
  writer.varintField(8, seconds);
  writer.close(tag, end);
}

function writeTraffic(writer: BackwardWriter, tag: number, side: ConnectionSide): void {
  const end = writer.at;
  writer.varintField(32, side.newPackets);
  writer.varintField(24, side.newBytes);
  writer.varintField(16, side.packets);
  writer.varintField(8, side.bytes);
  writer.close(tag, end);
}

function writeTcpHealth(writer: BackwardWriter, { tcpHealth, tcpResets, tcpConnectError }: FlowDraft): void {
  if (tcpHealth === undefined) return;
  const end = writer.at;
  writer.textField(50, tcpConnectError);
  writer.varintField(40, tcpResets);
  writer.varintField(32, tcpHealth.connectUs);
  writer.varintField(24, tcpHealth.retransmits);
  writer.varintField(16, tcpHealth.minimumRttUs);
  writer.varintField(8, tcpHealth.smoothedRttUs);
  writer.close(42, end);
}

function writeOperation(writer: BackwardWriter, operation: Operation): void {
  const end = writer.at;
  writer.textField(42, operation.detail);
  writer.varintField(32, operation.error ? 1 : 0);
  writer.textField(26, operation.status);
  writer.textField(18, operation.name);
  writer.textField(10, operation.protocol);
  writer.close(82, end);
}

function writeTranslation(writer: BackwardWriter, { address, port, servicePort }: Dialled): void {
  const end = writer.at;
  if (servicePort !== undefined) {
    writer.textField(18, servicePort.service.namespace);
    writer.textField(10, servicePort.service.name);
    writer.close(26, end);
  }
  writer.varintField(16, port);
  writer.textField(10, address);
  writer.close(90, end);
}
