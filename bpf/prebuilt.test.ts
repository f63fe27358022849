import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const here = import.meta.dirname;
const prebuilt = join(here, 'prebuilt');
const hasClang =
  spawnSync('clang-19', ['--version']).status === 0 && spawnSync('llvm-strip-19', ['--version']).status === 0;

test('the committed objects are what clang-19 makes of the sources', (context) => {
  if (!hasClang) {
    assert.notEqual(process.env.CI, 'true', 'CI has to rebuild the objects: install clang-19 and llvm-19');
    context.skip('clang-19 or llvm-strip-19 is not installed');
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'parallax-bpf-'));
  try {
    execFileSync(join(here, 'build.sh'), [directory], { stdio: 'pipe' });
    const names = readdirSync(directory).sort();
    assert.deepEqual(readdirSync(prebuilt).sort(), names);
    for (const name of names) {
      assert.deepEqual(sections(join(prebuilt, name)), sections(join(directory, name)), `${name}: run bpf/build.sh`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Name -> content of the sections with code, types and data, of a 64-bit little-endian ELF file. */
function sections(file: string): Record<string, string> {
  const bytes = readFileSync(file);
  const table = Number(bytes.readBigUInt64LE(40));
  const size = bytes.readUInt16LE(58);
  const header = (index: number) => bytes.subarray(table + index * size, table + (index + 1) * size);
  const content = (one: Buffer) =>
    bytes.subarray(Number(one.readBigUInt64LE(24)), Number(one.readBigUInt64LE(24) + one.readBigUInt64LE(32)));
  const names = content(header(bytes.readUInt16LE(62)));
  const result: Record<string, string> = {};
  for (let index = 0; index < bytes.readUInt16LE(60); index++) {
    const start = header(index).readUInt32LE(0);
    const name = names.toString('latin1', start, names.indexOf(0, start));
    if (/^(tc|tp_btf.*|u(ret)?probe|\.BTF|\.maps|\.rodata.*|license)$/.test(name))
      result[name] = content(header(index)).toString('hex');
  }
  return result;
}
