// haproxy's HTTP log ("option httplog"; haproxy's configuration manual, 8.2.3 and 8.5), with or without syslog's head. Pure.

import { type LineFields, present } from './line-fields.ts';
import { accessDateOf, numberOf } from './words-of-line.ts';

const shape =
  /(?:^|: )(\S+):(\d{1,5}) \[(\d{2}\/[^\]]{1,40})\] (\S+) ([^\s/]+)\/(\S+) (-?\d+)\/(-?\d+)\/(-?\d+)\/(-?\d+)\/\+?(-?\d+) (-?\d+) \+?(\d+) \S+ \S+ (\S{4}) \S+ \S+ (?:\{[^}]{0,8192}\} ){0,2}"([^"]*)"?$/;

/** haproxy itself writes no longer ones ("len" of its log statement). */
const maxLineCharacters = 65_535;

/** The two letters of a termination state that say whose doing it was and when, as Envoy's flag that says the same. */
const flagsByState: Readonly<Record<string, string>> = {
  ...{ SC: 'UF', sC: 'UF', SH: 'UC', sH: 'UT', SD: 'UC', sD: 'UT', sQ: 'UO' },
  ...{ CC: 'DC', CH: 'DC', CR: 'DC', CD: 'DC', CQ: 'DC', cR: 'SI', cD: 'SI' },
  ...{ PR: 'LR', RC: 'OM' },
};

export function flagsOfTermination(state: string): string[] {
  const flag = flagsByState[state.slice(0, 2)];
  return flag === undefined ? [] : [flag];
}

/** Undefined where the line has another shape. */
export function parseHaproxyLine(line: string): LineFields | undefined {
  const parts = line.length > maxLineCharacters ? null : shape.exec(line);
  const time = accessDateOf(parts?.[3] ?? '');
  if (parts === null || time === undefined) return undefined;
  const [, ip = '', port, , frontend, backend] = parts;
  const [request, queue, connect, response, total, status, bytes] = parts.slice(7).map(numberOf);
  const [state = '', text = ''] = parts.slice(14);
  const [method = '', path, protocol] = text.split(' ');
  const sent = connect === undefined ? undefined : (request ?? 0) + (queue ?? 0) + connect;
  return present({
    time,
    method: /^[A-Z]+$/.test(method) ? method : undefined,
    path,
    protocol,
    status,
    flags: flagsOfTermination(state),
    terminationDetails: /^-+$/.test(state) ? undefined : state,
    bytesSent: bytes,
    requestReceivedMs: request,
    sentUpstreamMs: sent,
    upstreamAnsweredMs: sent === undefined || response === undefined ? undefined : sent + response,
    durationMs: total,
    downstreamRemote: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
    // A trailing ~ says that the connection came over TLS.
    routeName: frontend?.replace(/~$/, ''),
    upstreamCluster: backend === '<NOSRV>' ? undefined : backend,
  });
}
