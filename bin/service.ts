// The life of a long-running process: one line when ready, a clean end on SIGTERM or Ctrl-C, and with its parent.

export interface RunningService {
  /** The one line said when ready. */
  readonly readyText: string;
  stop(): Promise<void>;
}

/** Longest a stop may take before the process ends anyway; callers are promised 2 s. */
const stopLimitMs = 1800;

/**
 * Starts a service and keeps the process alive until a signal comes. Under `parallax up` the process has an IPC channel to
 * its parent: when that breaks, the parent has died without telling, and the service stops too.
 */
export async function runService(name: string, start: () => Promise<RunningService>): Promise<void> {
  const started = start();
  let stopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(exitCode), stopLimitMs).unref();
    try {
      await (await started).stop();
    } catch (error) {
      process.stderr.write(`${name}: while stopping: ${describe(error)}\n`);
    }
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  process.on('SIGHUP', () => void stop(0));
  process.on('disconnect', () => void stop(0));
  try {
    const service = await started;
    process.stdout.write(`${service.readyText}\n`);
    process.send?.({ ready: service.readyText });
  } catch (error) {
    process.stderr.write(`${name}: ${describe(error)}\n`);
    process.exit(1);
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const listening = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (listening.code === 'EADDRINUSE')
    return `${listening.address}:${listening.port} is in use by another process; stop it or choose another port.`;
  return error.message;
}
