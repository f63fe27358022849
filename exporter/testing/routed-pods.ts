// Two pods that this host routes between, a machine outside behind a device of the host, and nftables rules as
// kube-proxy makes them, for tests on real packets over IPv4 and IPv6. Names carry the process id; removed by remove().

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { ip } from '../kernel/testing/pods.ts';

export interface Place {
  readonly namespace: string;
  readonly address: string;
  readonly address6: string;
}

export interface RoutedPods {
  readonly client: Place;
  readonly backend: Place;
  readonly outside: Place;
  /** This host, as seen from outside. */
  readonly node: { readonly address: string; readonly address6: string };
  /** Globs of the interfaces to watch. */
  readonly interfaces: string;
  remove(): void;
}

export interface Rules {
  /** A service's addresses, port 80 of which leads to the backend. */
  readonly virtual: { readonly address: string; readonly address6: string };
  /** Of the backend. */
  readonly port: number;
  /** Port of the node that leads to the backend, with the client masqueraded. */
  readonly nodePort: number;
}

const FORWARDING = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'];
/** kube-proxy's mark for what is to be masqueraded. */
const MASQUERADE_MARK = '0x4000';

export function routedPods({ virtual, port, nodePort }: Rules): RoutedPods {
  const prefix = `pxr${process.pid % 10_000}`;
  const before = FORWARDING.map((setting) => readFileSync(setting, 'utf8'));
  for (const setting of FORWARDING) writeFileSync(setting, '1');
  const [client, backend, outside] = [1, 2, 9].map((subnet) => ({
    namespace: `${prefix}-${subnet}`,
    address: `10.87.${subnet}.2`,
    address6: `fd87:${subnet}::2`,
  }));
  if (client === undefined || backend === undefined || outside === undefined)
    throw new Error('three subnets, three places');
  for (const [index, place] of [client, backend, outside].entries()) join(place, `${prefix}r${index}`);
  // A device of the host that is none of a pod's: the far end of a veth would be taken for one.
  const device = `${prefix}m`;
  ip('addr', 'flush', 'dev', `${prefix}r2`);
  // It would answer for the addresses of the device above it.
  writeFileSync(`/proc/sys/net/ipv4/conf/${prefix}r2/arp_ignore`, '8');
  ip('link', 'add', 'link', `${prefix}r2`, 'name', device, 'type', 'macvlan', 'mode', 'bridge');
  address(device, outside, '1');
  ip('link', 'set', device, 'up');
  execFileSync('nft', ['-f', '-'], {
    input: `table inet ${prefix} {
      chain prerouting { type nat hook prerouting priority dstnat;
        ip daddr ${virtual.address} tcp dport 80 dnat ip to ${backend.address}:${port}
        ip6 daddr ${virtual.address6} tcp dport 80 dnat ip6 to [${backend.address6}]:${port}
        fib daddr type local meta nfproto ipv4 tcp dport ${nodePort} meta mark set ${MASQUERADE_MARK} dnat ip to ${backend.address}:${port}
        fib daddr type local meta nfproto ipv6 tcp dport ${nodePort} meta mark set ${MASQUERADE_MARK} dnat ip6 to [${backend.address6}]:${port}
      }
      chain output { type nat hook output priority -100;
        ip daddr ${virtual.address} tcp dport 80 dnat ip to ${backend.address}:${port}
        ip6 daddr ${virtual.address6} tcp dport 80 dnat ip6 to [${backend.address6}]:${port}
      }
      chain postrouting { type nat hook postrouting priority srcnat;
        meta mark ${MASQUERADE_MARK} masquerade
        ip saddr ${backend.address} ip daddr ${backend.address} masquerade
        ip6 saddr ${backend.address6} ip6 daddr ${backend.address6} masquerade
        oifname ${device} ip saddr { ${client.address}, ${backend.address} } masquerade
        oifname ${device} ip6 saddr { ${client.address6}, ${backend.address6} } masquerade
      }
    }`,
  });
  return {
    client,
    backend,
    outside,
    node: { address: outside.address.replace(/2$/, '1'), address6: outside.address6.replace(/2$/, '1') },
    interfaces: `${prefix}r0,${prefix}r1,${device}`,
    remove() {
      execFileSync('nft', ['delete', 'table', 'inet', prefix]);
      ip('link', 'del', device);
      for (const { namespace } of [client, backend, outside]) ip('netns', 'del', namespace);
      FORWARDING.forEach((setting, index) => {
        writeFileSync(setting, before[index] ?? '0');
      });
    },
  };
}

/** A namespace with one way out, through the host. */
function join(place: Place, veth: string): void {
  const { namespace } = place;
  ip('netns', 'add', namespace);
  ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  address(veth, place, '1');
  ip('link', 'set', veth, 'up');
  ip('-n', namespace, 'addr', 'add', `${place.address}/24`, 'dev', 'eth0');
  ip('-n', namespace, 'addr', 'add', `${place.address6}/64`, 'dev', 'eth0', 'nodad');
  ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  ip('-n', namespace, 'route', 'add', 'default', 'via', place.address.replace(/2$/, '1'));
  ip('-n', namespace, '-6', 'route', 'add', 'default', 'via', place.address6.replace(/2$/, '1'));
}

/** The host's address towards a place: the same with another last number. */
function address(device: string, place: Place, last: string): void {
  ip('addr', 'add', `${place.address.replace(/2$/, last)}/24`, 'dev', device);
  ip('addr', 'add', `${place.address6.replace(/2$/, last)}/64`, 'dev', device, 'nodad');
}
