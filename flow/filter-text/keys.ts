// The keys of the filter text: what each is called, which FlowFilter field it fills and what its values look like.

import { type FlowFilter, IPVersion, TCPFlags } from '#proto/gen/flow/flow.ts';
import type { Side } from '../filter/clause.ts';
import { protocolNames } from '../filter/protocol.ts';
import { directionOfText, directionWords } from '../names/direction.ts';
import { dropReasonNames, dropReasonOfText } from '../names/drop-reason.ts';
import { eventTypeNames, eventTypeOfText, tracePointNames } from '../names/event-type.ts';
import { identityOfText, reservedIdentityWords } from '../names/identity.ts';
import { verdictOfText, verdictWords } from '../names/verdict.ts';
import { patternOfText } from './text-pattern.ts';

export interface FilterKey {
  readonly name: string;
  readonly aliases: readonly string[];
  /** True if from: and to: can stand before it. */
  readonly hasSides: boolean;
  /** One line for completion. */
  readonly help: string;
  /** Known values, for completion; others may be valid too. */
  readonly choices: readonly string[];
  /** The flag of the hubble CLI, without dashes and without from- or to-. */
  readonly flag: string;
  /** Adds the values to the filter's field. Throws RangeError saying what a value should be. */
  readonly fill: (filter: FlowFilter, values: readonly string[], side: Side) => void;
}

type TextField = Extract<
  keyof FlowFilter,
  'sourcePod' | 'sourceService' | 'sourceIp' | 'sourcePort' | 'sourceFqdn' | 'sourceLabel' | 'sourceClusterName'
>;
type PlainField = 'uuid' | 'traceId' | 'protocol' | 'nodeName' | 'nodeLabels' | 'httpMethod' | 'sourceIpXlated';
type PatternField = 'httpPath' | 'httpUrl' | 'dnsQuery';

const otherSide: Readonly<Record<TextField, keyof FlowFilter & `destination${string}`>> = {
  sourcePod: 'destinationPod',
  sourceService: 'destinationService',
  sourceIp: 'destinationIp',
  sourcePort: 'destinationPort',
  sourceFqdn: 'destinationFqdn',
  sourceLabel: 'destinationLabel',
  sourceClusterName: 'destinationClusterName',
};

interface Extras {
  readonly aliases?: readonly string[];
  readonly choices?: readonly string[];
  readonly flag?: string;
}

/** A key of either end whose values are text. */
function sided(
  name: string,
  field: TextField,
  help: string,
  extras: Extras = {},
  toValue = (text: string) => text,
): FilterKey {
  return sidedKey(name, help, extras, (filter, values, side) => {
    const list: unknown = filter[side === 'source' ? field : otherSide[field]];
    if (Array.isArray(list)) list.push(...values.map(toValue));
  });
}

function sidedKey(name: string, help: string, extras: Extras, fill: FilterKey['fill']): FilterKey {
  return { name, hasSides: true, help, aliases: [], choices: [], flag: name, ...extras, fill };
}

function key(name: string, help: string, extras: Extras, fill: FilterKey['fill']): FilterKey {
  return { name, hasSides: false, help, aliases: [], choices: [], flag: name, ...extras, fill };
}

function plain(name: string, field: PlainField, help: string, extras: Extras = {}): FilterKey {
  return key(name, help, extras, (filter, values) => filter[field].push(...values));
}

function pattern(name: string, field: PatternField, help: string, flag: string): FilterKey {
  return key(name, help, { flag }, (filter, values) => filter[field].push(...values.map(patternOfText)));
}

/** Converts a value or says what it should be. */
function convert<Value>(text: string, read: (text: string) => Value | undefined, expected: string): Value {
  const value = read(text);
  if (value === undefined) throw new RangeError(`${JSON.stringify(text)} is not ${expected}`);
  return value;
}

const yesAndNo = ['yes', 'no'];

function booleanOfText(text: string): boolean | undefined {
  if (['yes', 'true'].includes(text.toLowerCase())) return true;
  return ['no', 'false'].includes(text.toLowerCase()) ? false : undefined;
}

function tcpFlagsOfText(text: string): TCPFlags | undefined {
  const flags = TCPFlags.fromPartial({});
  for (const name of text.toUpperCase().split('+')) {
    switch (name) {
      case 'FIN':
      case 'SYN':
      case 'RST':
      case 'PSH':
      case 'ACK':
      case 'URG':
      case 'ECE':
      case 'CWR':
      case 'NS':
        flags[name] = true;
        break;
      default:
        return undefined;
    }
  }
  return flags;
}

const ipVersions: ReadonlyMap<string, IPVersion> = new Map<string, IPVersion>([
  ['4', IPVersion.IPv4],
  ['6', IPVersion.IPv6],
  ['none', IPVersion.IP_NOT_USED],
]);

/** "40x" and "4xx" as people write them, "40+" and "4+" as the filter has them. */
function statusOfText(text: string): string {
  const digits = /^([1-5][0-9]?)x{1,2}$/i.exec(text);
  return digits?.[1] !== undefined && text.length === 3 ? `${digits[1]}+` : text;
}

function unsigned64OfText(text: string): bigint | undefined {
  return /^[0-9]{1,20}$/.test(text) && BigInt(text) < 2n ** 64n ? BigInt(text) : undefined;
}

/** The expressions of a filter are alternatives, so each must hold beside one of those that are there already. */
function requireOneOf(filter: FlowFilter, expressions: readonly string[]): void {
  const before = filter.experimental?.celExpression ?? [];
  const both = before.flatMap((one) => expressions.map((other) => `(${one}) && (${other})`));
  filter.experimental = { celExpression: before.length === 0 ? [...expressions] : both };
}

/** Hubble's filter has no field for processes; FlowDetails, in the flow's extensions, has them. */
function processExpression(text: string, side: Side): string {
  const value = JSON.stringify(text);
  const process = `_flow.extensions.${side}_process`;
  const isExecutable = `${process}.executable == ${value} || ${process}.executable.endsWith(${JSON.stringify(`/${text}`)})`;
  return `(${process}.command == ${value} || ${isExecutable} || ${process}.unit == ${value})`;
}

/** In the order in which completion offers them. */
export const filterKeys: readonly FilterKey[] = [
  sided('namespace', 'sourcePod', 'namespace of either end', { aliases: ['ns'] }, (text) => `${text}/`),
  sided('pod', 'sourcePod', 'pod name or its beginning, [namespace/]name', {}, (text) =>
    text.includes('/') ? text : `/${text}`,
  ),
  sidedKey('workload', 'workload name, [Kind/]name', {}, (filter, values, side) => {
    const workloads = values.map((text) => {
      const slash = text.indexOf('/');
      return { kind: text.slice(0, Math.max(0, slash)), name: text.slice(slash + 1) };
    });
    filter[side === 'source' ? 'sourceWorkload' : 'destinationWorkload'].push(...workloads);
  }),
  sided('service', 'sourceService', 'service name or its beginning, [namespace/]name', { aliases: ['svc'] }, (text) =>
    text.includes('/') ? text : `/${text}`,
  ),
  key('verdict', 'what became of it', { choices: verdictWords }, (filter, values) => {
    filter.verdict.push(...values.map((text) => convert(text, verdictOfText, `a verdict: ${verdictWords.join(', ')}`)));
  }),
  key('drop', 'why it was dropped', { flag: 'drop-reason-desc', choices: dropReasonNames }, (filter, values) => {
    const expected = 'a drop reason such as POLICY_DENIED';
    filter.dropReasonDesc.push(...values.map((text) => convert(text, dropReasonOfText, expected)));
  }),
  sided('port', 'sourcePort', 'port number'),
  sided('ip', 'sourceIp', 'address or prefix'),
  sided('fqdn', 'sourceFqdn', 'DNS name, * for any part', { aliases: ['name'] }),
  sided('label', 'sourceLabel', 'label selector: app=web'),
  sidedKey(
    'identity',
    'identity number or word',
    { aliases: ['id'], choices: reservedIdentityWords },
    (filter, values, side) => {
      const identities = values.map((text) =>
        convert(text, identityOfText, 'an identity number or a reserved word such as world'),
      );
      filter[side === 'source' ? 'sourceIdentity' : 'destinationIdentity'].push(...identities);
    },
  ),
  sided('cluster', 'sourceClusterName', 'cluster name'),
  sidedKey('process', 'command, executable or systemd unit', {}, (filter, values, side) => {
    requireOneOf(filter, [values.map((value) => processExpression(value, side)).join(' || ')]);
  }),
  plain('protocol', 'protocol', 'layer 4 or 7 protocol', { aliases: ['proto'], choices: protocolNames }),
  key('direction', 'ingress or egress', { flag: 'traffic-direction', choices: directionWords }, (filter, values) => {
    filter.trafficDirection.push(...values.map((text) => convert(text, directionOfText, 'ingress or egress')));
  }),
  key(
    'type',
    'event type, TYPE[:SUBTYPE]',
    { choices: [...eventTypeNames, ...tracePointNames.map((name) => `trace:${name}`)] },
    (filter, values) => {
      const expected = `an event type: ${eventTypeNames.join(', ')}, or trace:to-endpoint and the like`;
      filter.eventType.push(...values.map((text) => convert(text, eventTypeOfText, expected)));
    },
  ),
  key('reply', 'is it a reply', { choices: yesAndNo }, (filter, values) => {
    filter.reply.push(...values.map((text) => convert(text, booleanOfText, 'yes or no')));
  }),
  key('http.status', 'status code: 404, 40x, 5xx', { flag: 'http-status', aliases: ['status'] }, (filter, values) => {
    filter.httpStatusCode.push(...values.map(statusOfText));
  }),
  plain('http.method', 'httpMethod', 'request method', { flag: 'http-method', aliases: ['method'] }),
  pattern('http.path', 'httpPath', 'path; * at the end, or ~regular expression', 'http-path'),
  pattern('http.url', 'httpUrl', 'whole URL; * at the end, or ~regular expression', 'http-url'),
  key('http.header', 'header, Name:value', { flag: 'http-header' }, (filter, values) => {
    for (const text of values) {
      const colon = text.indexOf(':');
      filter.httpHeader.push({
        key: colon < 0 ? text : text.slice(0, colon),
        value: colon < 0 ? '' : text.slice(colon + 1).trimStart(),
      });
    }
  }),
  pattern('dns', 'dnsQuery', 'DNS query; * at the end, or ~regular expression', 'dns-query'),
  key(
    'tcp.flags',
    'TCP flags: SYN, SYN+ACK',
    { flag: 'tcp-flags', aliases: ['flags'], choices: ['SYN', 'SYN+ACK', 'FIN', 'RST'] },
    (filter, values) => {
      filter.tcpFlags.push(...values.map((text) => convert(text, tcpFlagsOfText, 'TCP flags such as SYN or SYN+ACK')));
    },
  ),
  plain('node', 'nodeName', 'node that saw it, [cluster/]node', { flag: 'node-name' }),
  plain('node.label', 'nodeLabels', 'label selector on the node', { flag: 'node-label' }),
  key('interface', 'interface name or index', { aliases: ['iface'] }, (filter, values) => {
    for (const text of values) {
      const isIndex = /^[0-9]{1,9}$/.test(text);
      filter.interface.push({ index: isIndex ? Number(text) : 0, name: isIndex ? '' : text });
    }
  }),
  key('ip.version', '4, 6 or none', { flag: 'ip-version', choices: [...ipVersions.keys()] }, (filter, values) => {
    const read = (text: string) => ipVersions.get(text.toLowerCase().replace(/^(?:ip)?v/, ''));
    filter.ipVersion.push(...values.map((text) => convert(text, read, '4, 6 or none')));
  }),
  plain('snat', 'sourceIpXlated', 'source address after translation', { flag: 'snat-ip' }),
  key('encrypted', 'yes or no', { choices: yesAndNo }, (filter, values) => {
    filter.encrypted.push(...values.map((text) => convert(text, booleanOfText, 'yes or no')));
  }),
  plain('uuid', 'uuid', 'id of one flow'),
  plain('trace', 'traceId', 'trace id', { flag: 'trace-id' }),
  key('ip.trace', 'IP trace id', { flag: 'ip-trace-id' }, (filter, values) => {
    filter.ipTraceId.push(...values.map((text) => convert(text, unsigned64OfText, 'a decimal number of 64 bits')));
  }),
  key('cel', 'CEL expression over _flow', { flag: 'cel-expression' }, (filter, values) => {
    requireOneOf(filter, values);
  }),
];

const keysByName: ReadonlyMap<string, FilterKey> = new Map(
  filterKeys.flatMap((each) => [each.name, ...each.aliases].map((name) => [name, each])),
);

/** By name or alias, in any case. */
export function findFilterKey(name: string): FilterKey | undefined {
  return keysByName.get(name.toLowerCase());
}
