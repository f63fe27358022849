// Two or more network namespaces on a bridge, as a node's pods are, for tests on real packets. Names carry the process
// id, so that test files can run at the same time; removed again by remove().

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';

export interface Pod {
  readonly namespace: string;
  readonly veth: string;
  readonly address: string;
  readonly address6: string;
}

/** Why kernel tests cannot run here, or undefined. Where root and the kernel are there they must run. */
export function kernelTestsImpossible(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'the kernel has no BTF';
  return undefined;
}

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export class Pods {
  readonly #prefix: string;
  readonly #subnet: number;
  readonly #pods: Pod[] = [];

  /** `subnet` keeps addresses of test files apart: 10.<subnet>.0.0/24. */
  constructor(subnet: number) {
    this.#subnet = subnet;
    this.#prefix = `px-k-${process.pid % 10_000}`;
    ip('link', 'add', this.bridge, 'type', 'bridge');
    ip('link', 'set', this.bridge, 'up');
  }

  get bridge(): string {
    return `${this.#prefix}b`;
  }

  /** Glob that matches this set's veths and no others. */
  get veths(): string {
    return `${this.#prefix}v*`;
  }

  add(): Pod {
    const number = this.#pods.length + 1;
    const pod: Pod = {
      namespace: `${this.#prefix}-${number}`,
      veth: `${this.#prefix}v${number}`,
      address: `10.${this.#subnet}.0.${number}`,
      address6: `fd00:${this.#subnet}::${number}`,
    };
    this.#pods.push(pod);
    ip('netns', 'add', pod.namespace);
    ip('link', 'add', pod.veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.namespace);
    ip('link', 'set', pod.veth, 'master', this.bridge, 'up');
    ip('-n', pod.namespace, 'addr', 'add', `${pod.address}/24`, 'dev', 'eth0');
    ip('-n', pod.namespace, 'addr', 'add', `${pod.address6}/64`, 'dev', 'eth0', 'nodad');
    ip('-n', pod.namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', pod.namespace, 'link', 'set', 'lo', 'up');
    return pod;
  }

  remove(): void {
    for (const pod of this.#pods.splice(0)) ip('netns', 'del', pod.namespace);
    ip('link', 'del', this.bridge);
  }
}

/** Runs a Node program in a namespace (undefined: the host's) to its end; its standard output. */
export async function runIn(namespace: string | undefined, program: string): Promise<string> {
  const child = start(namespace, program);
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ]);
  if (code !== 0) throw new Error(`the program in ${namespace ?? 'the host'} ended with ${code}: ${errors}`);
  return output;
}

export interface Service {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a Node program that serves; resolves when it has printed something. */
export async function serveIn(namespace: string | undefined, program: string): Promise<Service> {
  const child = start(namespace, program);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
  });
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function start(namespace: string | undefined, program: string) {
  const node = [process.execPath, '-e', program];
  const [command = '', ...args] = namespace === undefined ? node : ['ip', 'netns', 'exec', namespace, ...node];
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
