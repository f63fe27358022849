// Certificates for tests, made with the system's openssl: a CA of its own, and whatever it is asked to sign.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly certificate: Buffer;
  readonly key: Buffer;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class TestCa {
  readonly folder = mkdtempSync(join(tmpdir(), 'parallax-tls-'));
  readonly caFile = join(this.folder, 'ca.pem');

  constructor() {
    this.#openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=test CA',
    );
  }

  get ca(): Buffer {
    return readFileSync(this.caFile);
  }

  /** Signs a certificate for a DNS name (or "IP:..." as openssl writes it), into NAME.pem and NAME.key. */
  issue(name: string, subjectName: string, { isExpired = false } = {}): TestCertificate {
    const san = subjectName.startsWith('IP:') ? subjectName : `DNS:${subjectName}`;
    writeFileSync(join(this.folder, 'extensions'), `subjectAltName=${san}\nbasicConstraints=critical,CA:FALSE\n`);
    writeFileSync(join(this.folder, 'index.txt'), '');
    writeFileSync(
      join(this.folder, 'ca.conf'),
      '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n',
    );
    this.#openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    this.#openssl(
      ...['ca', '-batch', '-config', 'ca.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-extfile', 'extensions'],
      ...['-startdate', '20200101000000Z', '-enddate', isExpired ? '20210101000000Z' : '20990101000000Z'],
      ...['-notext', '-in', `${name}.csr`, '-out', `${name}.pem`],
    );
    const [certFile, keyFile] = [join(this.folder, `${name}.pem`), join(this.folder, `${name}.key`)];
    return { certFile, keyFile, certificate: readFileSync(certFile), key: readFileSync(keyFile) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }
}
