// A flow about to be written: filled by an assembler, read by the encoder, and filled again for the next one. What the
// flow ring keeps in columns is filled in as columns, so that the ring need not find it in the bytes.

import { KIND_FLOW } from '#observer/columns.ts';
import { ScannedResponse } from '#observer/scanned-response.ts';
import type { KernelDrop } from '#proto/gen/parallax/v1/flow_details.ts';
import type { ConnectionSide, TcpHealth } from '../kernel/kernel-record.ts';
import type { Layer7Parts } from '../l7/to-layer7.ts';
import type { Dialled } from '../service-translations.ts';
import { FlowEnd } from './flow-end.ts';

const NOBODY = new FlowEnd('', undefined, undefined, []);

export class FlowDraft {
  /** Time, verdict, direction, ports and what else the ring asks for, under its names. */
  readonly columns = new ScannedResponse();
  source = NOBODY;
  destination = NOBODY;
  /** Of FlowDetails: encoded Process. */
  sourceProcess: Uint8Array | undefined;
  destinationProcess: Uint8Array | undefined;
  icmpType = 0;
  icmpCode = 0;
  tracePoint = 0;
  /** Encoded NetworkInterface. */
  networkInterface: Uint8Array | undefined;
  traceId = '';
  socketCookie = 0;
  cgroupId = 0;
  summary = '';
  initiatorTraffic: ConnectionSide | undefined;
  responderTraffic: ConnectionSide | undefined;
  /** When the connection was opened; -1 where it is not told. */
  openedSeconds = -1;
  openedNanos = 0;
  tcpHealth: TcpHealth | undefined;
  tcpResets = 0;
  tcpConnectError = '';
  drop: KernelDrop | undefined;
  layer7: Layer7Parts | undefined;
  viewSource = 0;
  joinedMidway = false;
  dialled: Dialled | undefined;
  /** Of FlowDetails: encoded TlsPlaintext. */
  tlsPlaintext: Uint8Array | undefined;

  clear(): void {
    const { columns } = this;
    columns.clear();
    columns.kind = KIND_FLOW;
    columns.hasTime = true;
    columns.hasDetails = true;
    this.source = NOBODY;
    this.destination = NOBODY;
    this.sourceProcess = undefined;
    this.destinationProcess = undefined;
    this.icmpType = 0;
    this.icmpCode = 0;
    this.tracePoint = 0;
    this.networkInterface = undefined;
    this.traceId = '';
    this.socketCookie = 0;
    this.cgroupId = 0;
    this.summary = '';
    this.initiatorTraffic = undefined;
    this.responderTraffic = undefined;
    this.openedSeconds = -1;
    this.openedNanos = 0;
    this.tcpHealth = undefined;
    this.tcpResets = 0;
    this.tcpConnectError = '';
    this.drop = undefined;
    this.layer7 = undefined;
    this.viewSource = 0;
    this.joinedMidway = false;
    this.dialled = undefined;
    this.tlsPlaintext = undefined;
  }
}
