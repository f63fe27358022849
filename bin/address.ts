// HOST:PORT as the command line takes it.

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** @throws Error naming the text and the expected form. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535)
    throw new Error(`"${text}" is no HOST:PORT, such as 127.0.0.1:4245 or [::1]:4245.`);
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
  return { host: host === '' ? '0.0.0.0' : host, port };
}

export function formatAddress(address: ListenAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** @throws Error naming the text. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`"${text}" is no port (1 to 65535).`);
  return port;
}
