// Where this exporter listens: telling flows of its own stream would feed on itself.

/** Ports of "host:port" addresses. */
export function ownPorts(...addresses: readonly (string | undefined)[]): number[] {
  return addresses.flatMap((address) =>
    address === undefined ? [] : [Number(address.slice(address.lastIndexOf(':') + 1))],
  );
}
