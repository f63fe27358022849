// One FlowFilter to its clauses: a field that is set gives one clause, a field left empty none.

import type { FlowFilter } from '#proto/gen/flow/flow.ts';
import type { CelCompiler } from './cel-compiler.ts';
import type { Clause, Side } from './clause.ts';
import { compileClusterNames, compileIdentities, compileWorkloads } from './endpoint.ts';
import {
  compileDropReasons,
  compileEncrypted,
  compileEventTypes,
  compileInterfaces,
  compileIpTraceIds,
  compileIpVersions,
  compileReplies,
  compileTcpFlags,
  compileTraceIds,
} from './event.ts';
import { FilterError } from './filter-error.ts';
import { compileFqdns, compileNodeNames } from './fqdn.ts';
import {
  compileHeaders,
  compileMethods,
  compilePaths,
  compileStatusCodes,
  compileUrls,
  requireL7Events,
} from './http.ts';
import { compileIps } from './ip.ts';
import { compileLabels } from './labels.ts';
import { compilePods, compileServices } from './pod.ts';
import { compilePorts } from './ports.ts';
import { compileProtocols } from './protocol.ts';
import { compilePatterns } from './re2.ts';

type ClauseBuilders = {
  readonly [Field in Exclude<keyof FlowFilter, '_unknownFields' | 'experimental'>]: (
    values: FlowFilter[Field],
  ) => Clause;
};

/** In the order in which clauses are tested: cheap and selective ones first. */
const builders: ClauseBuilders = {
  verdict: (values) => ({ on: 'verdict', field: 'verdict', test: membership(values) }),
  trafficDirection: (values) => onFlow('trafficDirection', (flow) => values.includes(flow.trafficDirection)),
  eventType: (values) => onFlow('eventType', compileEventTypes(values)),
  dropReasonDesc: (values) => onFlow('dropReasonDesc', compileDropReasons(values)),
  reply: (values) => onFlow('reply', compileReplies(values)),
  ipVersion: (values) => onFlow('ipVersion', compileIpVersions(values)),
  encrypted: (values) => onFlow('encrypted', compileEncrypted(values)),
  protocol: (values) => onFlow('protocol', compileProtocols(values)),
  tcpFlags: (values) => onFlow('tcpFlags', compileTcpFlags(values)),
  sourcePort: (values) => port('source', 'sourcePort', values),
  destinationPort: (values) => port('destination', 'destinationPort', values),
  uuid: (values) => onFlow('uuid', (flow) => values.includes(flow.uuid)),
  interface: (values) => onFlow('interface', compileInterfaces(values)),
  traceId: (values) => onFlow('traceId', compileTraceIds(values)),
  ipTraceId: (values) => onFlow('ipTraceId', compileIpTraceIds(values)),
  sourceIdentity: (values) => endpoint('source', 'sourceIdentity', compileIdentities(values)),
  destinationIdentity: (values) => endpoint('destination', 'destinationIdentity', compileIdentities(values)),
  sourcePod: (values) => endpoint('source', 'sourcePod', compilePods('sourcePod', values)),
  destinationPod: (values) => endpoint('destination', 'destinationPod', compilePods('destinationPod', values)),
  sourceWorkload: (values) => endpoint('source', 'sourceWorkload', compileWorkloads(values)),
  destinationWorkload: (values) => endpoint('destination', 'destinationWorkload', compileWorkloads(values)),
  sourceClusterName: (values) =>
    endpoint('source', 'sourceClusterName', compileClusterNames('sourceClusterName', values)),
  destinationClusterName: (values) =>
    endpoint('destination', 'destinationClusterName', compileClusterNames('destinationClusterName', values)),
  sourceService: (values) => service('source', 'sourceService', values),
  destinationService: (values) => service('destination', 'destinationService', values),
  nodeName: (values) => ({ on: 'nodeName', field: 'nodeName', test: compileNodeNames('nodeName', values) }),
  sourceIp: (values) => address('source', 'sourceIp', values),
  destinationIp: (values) => address('destination', 'destinationIp', values),
  sourceIpXlated: (values) => {
    const matches = compileIps('sourceIpXlated', values);
    return onFlow('sourceIpXlated', (flow) => matches(flow.IP?.sourceXlated ?? ''));
  },
  sourceFqdn: (values) => names('source', 'sourceFqdn', values),
  destinationFqdn: (values) => names('destination', 'destinationFqdn', values),
  sourceLabel: (values) => labels('source', 'sourceLabel', values),
  destinationLabel: (values) => labels('destination', 'destinationLabel', values),
  nodeLabels: (values) => ({ on: 'nodeLabels', field: 'nodeLabels', test: compileLabels('nodeLabels', values) }),
  httpStatusCode: (values) => onFlow('httpStatusCode', compileStatusCodes(values)),
  httpMethod: (values) => onFlow('httpMethod', compileMethods(values)),
  httpHeader: (values) => onFlow('httpHeader', compileHeaders(values)),
  httpPath: (values) => onFlow('httpPath', compilePaths(values)),
  httpUrl: (values) => onFlow('httpUrl', compileUrls(values)),
  dnsQuery: (values) => {
    const matches = compilePatterns('dnsQuery', values);
    return onFlow('dnsQuery', ({ l7 }) => l7?.record?.$case === 'dns' && matches(l7.record.value.query));
  },
};

/** Throws FilterError for the first value that breaks its field's rule. */
export function compileClauses(filter: FlowFilter, cel?: CelCompiler): Clause[] {
  requireL7Events(filter);
  const clauses: Clause[] = [];
  for (const field of Object.keys(builders) as (keyof ClauseBuilders)[]) {
    const clause = buildClause(field, filter);
    if (clause !== undefined) clauses.push(clause);
  }
  const expressions = filter.experimental?.celExpression ?? [];
  if (expressions.length > 0) {
    if (cel === undefined)
      throw new FilterError(
        'filter experimental.cel_expression: CEL is not loaded here; build the filter with prepareFilters, or filter by fields',
      );
    clauses.push(onFlow('experimental', cel(expressions)));
  }
  return clauses;
}

/** Undefined for an empty field. */
function buildClause<Field extends keyof ClauseBuilders>(field: Field, filter: FlowFilter): Clause | undefined {
  const values: FlowFilter[Field] = filter[field];
  const build: (values: FlowFilter[Field]) => Clause = builders[field];
  return values.length > 0 ? build(values) : undefined;
}

function membership(values: readonly number[]): (value: number) => boolean {
  const wanted = new Set(values);
  return (value) => wanted.has(value);
}

function onFlow(field: keyof FlowFilter, test: Extract<Clause, { on: 'flow' }>['test']): Clause {
  return { on: 'flow', field, test };
}

function endpoint(side: Side, field: keyof FlowFilter, test: Extract<Clause, { on: 'endpoint' }>['test']): Clause {
  return { on: 'endpoint', side, field, test };
}

function labels(side: Side, field: keyof FlowFilter, selectors: readonly string[]): Clause {
  const matches = compileLabels(field, selectors);
  return endpoint(side, field, (end) => matches(end?.labels ?? []));
}

function port(side: Side, field: keyof FlowFilter, values: readonly string[]): Clause {
  return { on: 'port', side, field, test: compilePorts(field, values) };
}

function address(side: Side, field: keyof FlowFilter, values: readonly string[]): Clause {
  return { on: 'address', side, field, test: compileIps(field, values) };
}

function names(side: Side, field: keyof FlowFilter, values: readonly string[]): Clause {
  return { on: 'names', side, field, test: compileFqdns(field, values) };
}

function service(side: Side, field: keyof FlowFilter, values: readonly string[]): Clause {
  return { on: 'service', side, field, test: compileServices(field, values) };
}
