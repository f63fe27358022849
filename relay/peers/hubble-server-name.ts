// The name in a Hubble agent's certificate. Pure.

const domain = 'hubble-grpc.cilium.io';

/**
 * `<node>.<cluster>.hubble-grpc.cilium.io`, dots within node and cluster turned to '-'.
 * @param name node name as peers are named: "node", or "cluster/node" outside of the cluster called "default"
 */
export function hubbleServerName(name: string): string {
  const slash = name.indexOf('/');
  const cluster = slash < 0 ? 'default' : name.slice(0, slash);
  const node = name.slice(slash + 1);
  return `${node.replaceAll('.', '-')}.${cluster.replaceAll('.', '-')}.${domain}`;
}
