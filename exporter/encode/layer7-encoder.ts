// Layer7 of a message to bytes, written backwards: HTTP and DNS, which are most messages, field by field; what else there
// may be through the generated encoder. Field numbers are those of proto/flow/flow.proto.

import { type DNS, type HTTP, Layer7 } from '#proto/gen/flow/flow.ts';
import type { BackwardWriter } from './backward-writer.ts';

const LAYER7 = 122;

export function writeLayer7(writer: BackwardWriter, layer7: Layer7): void {
  const { record } = layer7;
  if (record !== undefined && record.$case !== 'http' && record.$case !== 'dns') {
    writer.messageField(LAYER7, Layer7.encode(layer7).finish());
    return;
  }
  const end = writer.at;
  if (record?.$case === 'http') writeHttp(writer, record.value);
  else if (record?.$case === 'dns') writeDns(writer, record.value);
  writer.varintField(16, Number(layer7.latencyNs));
  writer.varintField(8, layer7.type);
  writer.close(LAYER7, end);
}

function writeHttp(writer: BackwardWriter, http: HTTP): void {
  const end = writer.at;
  for (let i = http.headers.length - 1; i >= 0; i--) {
    const header = http.headers[i];
    if (header === undefined) continue;
    const headerEnd = writer.at;
    writer.textField(18, header.value);
    writer.textField(10, header.key);
    writer.close(42, headerEnd);
  }
  writer.textField(34, http.protocol);
  writer.textField(26, http.url);
  writer.textField(18, http.method);
  writer.varintField(8, http.code);
  writer.close(810, end);
}

function writeDns(writer: BackwardWriter, dns: DNS): void {
  const end = writer.at;
  writeTexts(writer, 66, dns.rrtypes);
  writeTexts(writer, 58, dns.qtypes);
  writer.varintField(48, dns.rcode);
  writer.textField(42, dns.observationSource);
  writeTexts(writer, 34, dns.cnames);
  writer.varintField(24, dns.ttl);
  writeTexts(writer, 18, dns.ips);
  writer.textField(10, dns.query);
  writer.close(802, end);
}

export function writeTexts(writer: BackwardWriter, tag: number, texts: readonly string[]): void {
  for (let i = texts.length - 1; i >= 0; i--) writer.textElement(tag, texts[i] ?? '');
}
