// The self-signed certificate the demo's TLS servers show: made anew at every start, for two days.
import { join } from 'node:path';
import { serviceName } from './plan.ts';
import { runTool } from './tool.ts';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export async function makeCertificate(directory: string, signal?: AbortSignal): Promise<Certificate> {
  const certFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'key.pem');
  const names = [serviceName('ingress/gateway'), serviceName('payments/ledger')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const subject = [
    '-subj',
    '/CN=parallax demo',
    '-addext',
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`,
  ];
  await runTool('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject], { signal });
  return { certFile, keyFile };
}
