// Certificates for tests, made with the system's openssl: a CA, and what it signs, also for other names and for days gone by.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SignedCertificate {
  readonly key: string;
  readonly cert: string;
}

export class CertificateAuthority {
  readonly cert: string;
  readonly #folder: string;
  readonly #name: string;
  #serial = 0;

  /** @param folder where files are made; not cleaned up */
  constructor(folder: string, name = 'ca') {
    this.#folder = folder;
    this.#name = name;
    this.#openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
    this.cert = readFileSync(join(folder, `${name}.pem`), 'utf8');
  }

  /** @param subjectAltName "IP:127.0.0.1", "DNS:web" */
  sign(subjectAltName: string, { isExpired = false } = {}): SignedCertificate {
    this.#serial += 1;
    const name = `${this.#name}-${this.#serial}`;
    this.#openssl('req', '-new', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(this.#folder, `${name}.txt`), '');
    writeFileSync(
      join(this.#folder, `${name}.cnf`),
      `[ca]\ndefault_ca = c\n[c]\ndatabase = ${name}.txt\nrand_serial = yes\ndefault_md = sha256\npolicy = p\nnew_certs_dir = .\n[p]\ncommonName = supplied\n[e]\nsubjectAltName = ${subjectAltName}\n`,
    );
    const days = isExpired ? ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'] : ['-days', '2'];
    const authority = ['-cert', `${this.#name}.pem`, '-keyfile', `${this.#name}.key`];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`];
    this.#openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      `${name}.cnf`,
      '-extensions',
      'e',
      ...authority,
      ...days,
      ...files,
    );
    const [key, cert] = ['key', 'pem'].map((end) => readFileSync(join(this.#folder, `${name}.${end}`), 'utf8'));
    return { key: key ?? '', cert: cert ?? '' };
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
