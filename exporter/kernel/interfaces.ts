// Which interfaces to watch, and as what: the far end of a pod's veth, a device of the host, or loopback.

import type { Link } from './netlink.ts';

/** The place decides which programs observe it, and what their two directions mean. */
export type Place = 'veth' | 'host' | 'loopback';

const ETHERNET = 1;
const LOOPBACK = 772;

export type InterfaceFilter = (link: Link) => Place | undefined;

/** Tunnels with Ethernet frames inside: what the host itself sends into one is seen there, and nowhere else unwrapped. */
const TUNNELS: ReadonlySet<string> = new Set(['vxlan', 'geneve']);

/**
 * With globs ('veth*,eth0'), the interfaces whose names match one. Without: loopback, devices of the host itself, and
 * veths whose other end is in another namespace, and tunnels. Bridges' and bonds' traffic is seen at those already.
 */
export function interfaceFilter(globs: string | undefined): InterfaceFilter {
  if (globs === undefined || globs.trim() === '') return defaultPlace;
  const patterns = globs
    .split(',')
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '')
    .map(globPattern);
  return (link) => (patterns.some((pattern) => pattern.test(link.name)) ? placeOf(link) : undefined);
}

function defaultPlace(link: Link): Place | undefined {
  const place = placeOf(link);
  if (place === 'veth') return link.peerElsewhere ? place : undefined;
  return place === 'loopback' || link.kind === '' || TUNNELS.has(link.kind) ? place : undefined;
}

function placeOf(link: Link): Place | undefined {
  if (link.hardwareType === LOOPBACK) return 'loopback';
  if (link.hardwareType !== ETHERNET) return undefined;
  return link.kind === 'veth' ? 'veth' : 'host';
}

function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
