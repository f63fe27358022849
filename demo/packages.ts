/** Debian packages the demo's pods and network need. None of their daemons has to run: the demo starts its own. */
export const demoPackages = [
  'iproute2',
  'nftables',
  'util-linux',
  'openssl',
  'nginx-light',
  'dnsmasq-base',
  'redis-server',
  'postgresql',
] as const;
