// Which fields of a flow a line about it is made of: what `observe` asks a server for where nobody sees more. All are fields
// of Hubble's own flow.Flow, so that any server knows them.

import type { LineStyle } from './style.ts';

/** Paths as of google.protobuf.FieldMask, relative to flow.Flow. */
export function visibleFields({ policyNames = false }: LineStyle): string[] {
  return policyNames ? [...fields, ...policies] : [...fields];
}

const ends = ['source', 'destination'].flatMap((side) => [
  ...['identity', 'namespace', 'pod_name'].map((field) => `${side}.${field}`),
  `${side}_names`,
  `${side}_service`,
]);

const fields = [
  ...['time', 'verdict', 'ethernet', 'IP', 'l4', ...ends, 'Type', 'node_name', 'l7', 'event_type', 'is_reply'],
  // What an event is called.
  ...['traffic_direction', 'policy_match_type', 'debug_capture_point', 'sock_xlate_point'],
  // The phrase at the end; our own details are in extensions.
  ...['Summary', 'extensions', 'auth_type', 'ip_trace_id'],
];

const policies = ['egress_allowed_by', 'ingress_allowed_by', 'egress_denied_by', 'ingress_denied_by'];
