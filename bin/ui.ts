// `parallax ui`: serves the built page, bound to one address, talking to one relay.

import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Command } from 'commander';
import { readClientTls } from '#observer/client-tls.ts';
import { formatAddress, type ListenAddress, parseListenAddress } from './address.ts';
import { type ClientTlsOptions, clientTlsFiles, withClientTls, withoutScheme } from './server-option.ts';
import { type RunningService, runService } from './service.ts';
import { parseTraceUrl } from './trace-url.ts';

const serverPath = join(import.meta.dirname, '..', '.next', 'standalone', 'server.js');

interface UiOptions extends ClientTlsOptions {
  readonly relay: string;
  readonly listen: string;
  readonly traceUrl?: string;
}

export function uiCommand(): Command {
  return withClientTls(
    new Command('ui')
      .description('serve the page')
      .requiredOption('--relay <host:port>', 'relay to read from (host:port, tls://host:port)', '127.0.0.1:4245')
      .option('--listen <host:port>', 'address of the page', '127.0.0.1:12000')
      .option('--trace-url <template>', 'where traces are shown: https://jaeger.example/trace/{trace_id}'),
  ).action(async (options: UiOptions) => {
    if (options.traceUrl !== undefined) process.env.PARALLAX_TRACE_URL = parseTraceUrl(options.traceUrl);
    await runService('ui', () => startUi(parseListenAddress(options.listen), options));
  });
}

async function startUi(listen: ListenAddress, options: UiOptions): Promise<RunningService> {
  if (!existsSync(serverPath)) throw new Error('the page is not built: run `npm start` once, or `npm run build`.');
  const tls = clientTlsFiles(options.relay, options);
  if (tls !== undefined) {
    // The page's server reads them when it is first asked; what is wrong with them is said at the start.
    await readClientTls(tls);
    process.env.PARALLAX_RELAY_TLS = JSON.stringify(tls);
  }
  await refuseBusyPort(listen);
  process.env.PORT = String(listen.port);
  process.env.HOSTNAME = listen.host;
  process.env.PARALLAX_RELAY = withoutScheme(options.relay);
  process.env.NEXT_TELEMETRY_DISABLED = '1';
  Object.assign(process.env, { NODE_ENV: 'production' });
  process.env.NEXT_MANUAL_SIG_HANDLE = 'true';
  await withoutBanner(() => import(serverPath).then(() => answering(listen)));
  return { readyText: `ui ready on http://${formatAddress(listen)}`, stop: async () => undefined };
}

/** Next's server announces itself in four lines of its own, a wrong network address among them; the one line is ours. */
async function withoutBanner(work: () => Promise<void>): Promise<void> {
  const { log } = console;
  Object.assign(console, { log: () => undefined });
  try {
    await work();
  } finally {
    Object.assign(console, { log });
  }
}

/** Next would report a busy port only in its own log and stay up without a server. */
async function refuseBusyPort(listen: ListenAddress): Promise<void> {
  if (await canConnect(listen))
    throw new Error(`${formatAddress(listen)} is in use by another process; stop it or choose another port.`);
}

async function answering(listen: ListenAddress): Promise<void> {
  const giveUpAt = Date.now() + 15_000;
  while (!(await canConnect(listen))) {
    if (Date.now() > giveUpAt)
      throw new Error(`the page's server does not answer on ${formatAddress(listen)} after 15 s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function canConnect(listen: ListenAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host, port: listen.port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
