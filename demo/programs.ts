// The pods that are programs of this machine (nginx, dnsmasq, Redis, PostgreSQL): how each is configured and started
// in the foreground, and the line by which it says that it is ready.
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PodPlan, podsOf, serviceName } from './plan.ts';
import { programFolders } from './tool.ts';
import type { WorkloadKey } from './topology.ts';

export interface ProgramStart {
  /** Runs to its end first (initdb). */
  readonly before: readonly string[] | null;
  readonly command: readonly string[];
  /** The user it must run as; null: it starts as root and drops rights by itself. */
  readonly user: string | null;
  /** Printed on standard output or error when it answers. */
  readonly ready: string;
}

export type ProgramKind = 'nginx' | 'dnsmasq' | 'redis' | 'postgres';

const binaries: Readonly<Record<ProgramKind, { readonly binary: string; readonly aptPackage: string }>> = {
  nginx: { binary: 'nginx', aptPackage: 'nginx-light' },
  dnsmasq: { binary: 'dnsmasq', aptPackage: 'dnsmasq-base' },
  redis: { binary: 'redis-server', aptPackage: 'redis-server' },
  postgres: { binary: 'postgres', aptPackage: 'postgresql' },
};

/** The program's path, or null; Debian keeps PostgreSQL's outside of PATH, by version. */
export function findProgram(kind: ProgramKind): string | null {
  if (kind === 'postgres') return findPostgres();
  return programFolders.map((folder) => join(folder, binaries[kind].binary)).find((path) => existsSync(path)) ?? null;
}

/** The sentence for a pod whose program is not here. */
export function missingProgram(kind: ProgramKind): string {
  return `${binaries[kind].binary} is not installed: apt-get install ${binaries[kind].aptPackage}`;
}

export interface ProgramContext {
  readonly path: string;
  readonly pod: PodPlan;
  readonly pods: readonly PodPlan[];
  readonly hasClusterIps: boolean;
  /** The pod's own folder; made here. */
  readonly folder: string;
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
}

/** Writes the program's configuration into the pod's folder and says how to start it. */
export function prepareProgram(kind: ProgramKind, context: ProgramContext): ProgramStart {
  mkdirSync(context.folder, { recursive: true, mode: 0o755 });
  if (kind === 'nginx') return prepareNginx(context);
  if (kind === 'dnsmasq') return prepareDnsmasq(context);
  if (kind === 'redis') return prepareRedis(context);
  return preparePostgres(context);
}

function prepareNginx({ path, pods, folder, certificate }: ProgramContext): ProgramStart {
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, nginxConf(pods, folder, certificate));
  return { before: null, command: [path, '-e', 'stderr', '-c', conf], user: null, ready: 'start worker process ' };
}

/** As docs/access-logs.md gives it to users. */
const accessLogFormat = [
  "  log_format parallax escape=json '{'",
  ...[
    ...[
      'msec',
      'request_method',
      'request_uri',
      'server_protocol',
      'http_host',
      'status',
      'remote_addr',
      'remote_port',
    ],
    ...['server_addr', 'server_port', 'request_length', 'body_bytes_sent', 'request_time', 'upstream_addr'],
    ...['upstream_connect_time', 'upstream_header_time', 'upstream_response_time', 'http_user_agent'],
    ...['http_x_forwarded_for', 'request_id', 'http_traceparent', 'ssl_server_name'],
  ].map((name, index) => `    '${index === 0 ? '' : ','}"${name}":"$${name}"'`),
  "    '}';",
];

/** One worker is plenty, and one is easier to read about. */
export function nginxConf(
  pods: readonly PodPlan[],
  folder: string,
  certificate: ProgramContext['certificate'],
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'daemon off; worker_processes 1; user nobody nogroup; error_log stderr notice;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 256; }',
    'http {',
    ...accessLogFormat,
    `  access_log ${folder}/access.log parallax;`,
    '  keepalive_timeout 75s; keepalive_requests 1000000;',
    ...temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    `  upstream web { ${podsOf(pods, 'shop/web')
      .map((pod) => `server ${pod.ipv4}:8080;`)
      .join(' ')} keepalive 8; }`,
    '  server {',
    '    listen 80; listen 443 ssl; server_name shop.example;',
    `    ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};`,
    '    location / { proxy_pass http://web; proxy_http_version 1.1; proxy_set_header Connection ""; }',
    '  }',
    '}',
    '',
  ].join('\n');
}

function prepareDnsmasq({ path, pods, folder, hasClusterIps }: ProgramContext): ProgramStart {
  const conf = join(folder, 'dnsmasq.conf');
  writeFileSync(conf, dnsmasqConf(pods, hasClusterIps));
  return {
    before: null,
    command: [path, '--keep-in-foreground', `--conf-file=${conf}`],
    user: null,
    ready: 'started, version',
  };
}

/** Answers for services of the cluster; every other name below `example` and `cluster.local` does not exist. */
export function dnsmasqConf(pods: readonly PodPlan[], hasClusterIps: boolean): string {
  const keys = [...new Set(pods.map((pod) => pod.workload.key))].filter((key) => !key.startsWith('internet/'));
  return [
    'no-resolv',
    'no-hosts',
    'user=nobody',
    'group=nogroup',
    'pid-file=',
    'log-facility=-',
    'cache-size=0',
    'local=/cluster.local/',
    'local=/example/',
    'local-ttl=5',
    ...keys.flatMap((key) =>
      serviceAddresses(pods, key, hasClusterIps).map((ip) => `host-record=${serviceName(key)},${ip}`),
    ),
    '',
  ].join('\n');
}

/** What a service's name resolves to: its clusterIP, or the addresses of its pods. */
export function serviceAddresses(pods: readonly PodPlan[], key: WorkloadKey, hasClusterIps: boolean): string[] {
  const backends = podsOf(pods, key);
  const vip = backends[0]?.workload.service?.clusterIp;
  const ipv4 = hasClusterIps && vip !== undefined ? [vip] : backends.map((pod) => pod.ipv4);
  return [...ipv4, ...backends.flatMap((pod) => pod.ipv6 ?? [])];
}

function prepareRedis({ path, folder }: ProgramContext): ProgramStart {
  const options = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no', '--bind', '0.0.0.0', '--dir', folder];
  return { before: null, command: [path, ...options], user: 'nobody', ready: 'Ready to accept connections' };
}

function preparePostgres({ path, pod, folder }: ProgramContext): ProgramStart {
  const user = userIds('postgres');
  if (!user) throw new Error("the user 'postgres' is missing: apt-get install postgresql makes it");
  chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const cluster = join(folder, 'cluster');
  const initdb = join(path, '../initdb');
  const settings = {
    listen_addresses: pod.ipv4,
    unix_socket_directories: '',
    shared_buffers: '8MB',
    max_connections: '24',
    fsync: 'off',
    // Its segments would outlive a killed server; files go with the folder.
    dynamic_shared_memory_type: 'mmap',
    autovacuum: 'off',
    // What asks for a table that is not there shall not fill anything.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    hba_file: join(folder, 'hba.conf'),
  };
  writeFileSync(settings.hba_file, 'host all all 10.244.0.0/16 trust\n', { mode: 0o644 });
  return {
    before: [
      initdb,
      '-D',
      cluster,
      '-U',
      'shop',
      '-A',
      'trust',
      '--no-sync',
      '--no-instructions',
      '--locale=C',
      '--encoding=UTF8',
    ],
    command: [path, '-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    user: 'postgres',
    ready: 'database system is ready to accept connections',
  };
}

function findPostgres(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin/postgres')).find((path) => existsSync(path)) ?? null;
}

function userIds(name: string): { uid: number; gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
