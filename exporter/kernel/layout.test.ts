import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as layout from './layout.ts';

const golden: { layouts: Record<string, Record<string, number>> } = JSON.parse(
  readFileSync(new URL('../../bpf/golden/records.json', import.meta.url), 'utf8'),
);
const header = ['record.h', 'tls-record.h']
  .map((name) => readFileSync(new URL(`../../bpf/${name}`, import.meta.url), 'utf8'))
  .join('\n');

const mirrored: Record<string, Readonly<Record<string, number>>> = {
  px_settings: layout.settingsLayout,
  px_header: layout.headerLayout,
  px_side: layout.sideLayout,
  px_key4: layout.key4Layout,
  px_key6: layout.key6Layout,
  px_connection: layout.connectionLayout,
  px_connection_record: layout.connectionRecordLayout,
  px_l7_record: layout.l7RecordLayout,
  px_drop_record: layout.dropRecordLayout,
  px_socket_record: layout.socketRecordLayout,
  px_tls_socket: layout.tlsSocketLayout,
  px_tls_record: layout.tlsRecordLayout,
};

for (const [struct, fields] of Object.entries(golden.layouts)) {
  test(`offsets of ${struct} are those the C compiler gives`, () => {
    const expected = Object.fromEntries(Object.entries(fields).map(([name, offset]) => [camelCase(name), offset]));
    assert.deepEqual(mirrored[struct], expected);
  });
}

test('counters are named in the order of their indexes', () => {
  assert.deepEqual(
    layout.flowCounters,
    defined('PX_COUNT_').map((name) => name.toLowerCase()),
  );
  assert.deepEqual(
    layout.dropCounters,
    defined('PX_DROP_')
      .filter((name) => name !== 'COUNTS')
      .map((name) => name.toLowerCase()),
  );
  assert.deepEqual(
    layout.tlsCounters,
    defined('PX_TLS_COUNT_').map((name) => name.toLowerCase()),
  );
});

/** Names defined with a prefix, sorted by their numbers. */
function defined(prefix: string): string[] {
  return [...header.matchAll(new RegExp(`^#define ${prefix}(\\w+) (\\d+)`, 'gm'))]
    .map(([, name = '', number]) => ({ name, number: Number(number) }))
    .sort((a, b) => a.number - b.number)
    .map(({ name }) => name);
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
