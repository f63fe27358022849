// Fields about the event itself: verdict, drop reason, event type, direction, reply, ids, interface, TCP flags,
// IP version, encryption.

import {
  type DropReason,
  type EventTypeFilter,
  type Flow,
  type IPVersion,
  type NetworkInterface,
  type TCPFlags,
  Verdict,
} from '#proto/gen/flow/flow.ts';

type FlowTest = (flow: Flow) => boolean;

/** A drop reason counts only on a dropped flow: others carry reason 0 without meaning it. */
export function compileDropReasons(reasons: readonly DropReason[]): FlowTest {
  const wanted = new Set(reasons);
  return (flow) => flow.verdict === Verdict.DROPPED && wanted.has(flow.dropReasonDesc);
}

/** Type 0 stands for every type; the sub-type counts only if match_sub_type says so. */
export function compileEventTypes(filters: readonly EventTypeFilter[]): FlowTest {
  return ({ eventType }) =>
    eventType !== undefined &&
    filters.some(
      ({ type, matchSubType, subType }) =>
        (type === 0 || type === eventType.type) && (!matchSubType || subType === eventType.subType),
    );
}

/** A flow that does not know whether it is a reply matches neither, but a dropped one counts as no reply. */
export function compileReplies(replies: readonly boolean[]): FlowTest {
  return ({ isReply, verdict }) =>
    isReply === undefined ? verdict === Verdict.DROPPED && replies.includes(false) : replies.includes(isReply);
}

/** Flags set in the filter must be set in the flow; others may be. */
export function compileTcpFlags(filters: readonly TCPFlags[]): FlowTest {
  const required = filters.map(flagBits);
  return ({ l4 }) => {
    const flags = l4?.protocol?.$case === 'TCP' ? l4.protocol.value.flags : undefined;
    if (flags === undefined) return false;
    const bits = flagBits(flags);
    return required.some((mask) => (bits & mask) === mask);
  };
}

/** Bit n-1 is field n of flow.TCPFlags. */
function flagBits(flags: TCPFlags): number {
  const { FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, NS } = flags;
  return [FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, NS].reduce((bits, flag, bit) => bits | (Number(flag) << bit), 0);
}

/** Index 0 and an empty name match every interface; a flow without one never matches. */
export function compileInterfaces(wanted: readonly NetworkInterface[]): FlowTest {
  return ({ interface: seen }) =>
    seen !== undefined &&
    wanted.some(({ index, name }) => (index === 0 || index === seen.index) && (name === '' || name === seen.name));
}

export function compileIpVersions(versions: readonly IPVersion[]): FlowTest {
  return ({ IP }) => versions.some((version) => version === (IP?.ipVersion ?? 0));
}

export function compileEncrypted(values: readonly boolean[]): FlowTest {
  return ({ IP }) => values.includes(IP?.encrypted ?? false);
}

export function compileTraceIds(ids: readonly string[]): FlowTest {
  const wanted = new Set(ids);
  return ({ traceContext }) => wanted.has(traceContext?.parent?.traceId ?? '');
}

/** A flow without an IP trace id has id 0. */
export function compileIpTraceIds(ids: readonly bigint[]): FlowTest {
  const wanted = new Set(ids);
  return ({ ipTraceId }) => wanted.has(ipTraceId?.traceId ?? 0n);
}
