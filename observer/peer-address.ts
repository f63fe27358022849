// Where a peer is, parsed from the words of a flag or a notification. Pure.

/** Where Hubble's agents listen, and what is meant when no port is given. */
const defaultPort = 4244;

export type PeerAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly usesTls: boolean }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Reads `host`, `host:port`, `[v6]:port`, `v6`, `tls://host:port` and `unix:///path`.
 * @throws Error that says what is wrong and how it is written
 */
export function parsePeerAddress(text: string): PeerAddress {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') throw new Error(`peer address "${text}" names no socket: write unix:///path/to.sock.`);
    return { kind: 'unix', path };
  }
  const usesTls = text.startsWith('tls://');
  const { host, port } = splitHostPort(usesTls ? text.slice('tls://'.length) : text, text);
  return { kind: 'tcp', host, port, usesTls };
}

export function peerAddressText(address: PeerAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function splitHostPort(text: string, whole: string): { host: string; port: number } {
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text);
  const colons = text.split(':').length - 1;
  const [host, portText] =
    bracketed !== null
      ? [bracketed[1] ?? '', bracketed[2]]
      : colons === 1
        ? (text.split(':') as [string, string])
        : [text, undefined];
  if (host === '') throw new Error(`peer address "${whole}" has no host: write host:port or unix:///path.`);
  if (portText === undefined) return { host, port: defaultPort };
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port < 1 || port > 65_535) {
    throw new Error(`peer address "${whole}" has port "${portText}", which is not within 1 to 65535.`);
  }
  return { host, port };
}
