import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseObjects } from './object-text.ts';
import { PoliciesInForce } from './policies-in-force.ts';
import { PolicyFiles } from './policy-files.ts';

const cleanups: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'policies-'));
  cleanups.push(() => rm(path, { recursive: true }));
  return path;
}

async function inForce(path: string): Promise<PoliciesInForce> {
  const policies = new PoliciesInForce({ source: new PolicyFiles(path, 20), nowMs: () => 0 });
  cleanups.push(() => policies.stop());
  await policies.start();
  return policies;
}

async function until(what: string, check: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!check()) {
    if (Date.now() > deadline) assert.fail(`not within 15 s: ${what}`);
    await pause(5);
  }
}

const policy = (name: string, spec: unknown = { podSelector: {} }): string =>
  JSON.stringify({ kind: 'NetworkPolicy', metadata: { namespace: 'shop', name }, spec });
const namesIn = ({ set }: PoliciesInForce): string[] =>
  [...new Set(set?.sections.map((section) => section.policy.name))].sort();
const told = (policies: PoliciesInForce): string =>
  policies
    .notices()
    .map(({ text }) => text)
    .join('\n');

describe('policies from files', () => {
  it('are said to be of a folder below the working directory, or where else they lie', () => {
    assert.equal(new PolicyFiles(join(process.cwd(), 'demo/policies')).text, 'files of demo/policies');
    assert.equal(new PolicyFiles('/etc/policies').text, 'files of /etc/policies');
  });

  it('are read from YAML documents, JSON and Lists, other objects left alone', async () => {
    const path = await folder();
    await writeFile(
      join(path, 'a.yaml'),
      `# a comment\n---\n${policy('one')}\n---\nkind: ConfigMap\ndata:\n  text: |\n    --- not a marker\n---\n${policy('two')}\n`,
    );
    await writeFile(join(path, 'b.json'), `{"kind":"List","apiVersion":"v1","items":[${policy('three')}]}`);
    await writeFile(join(path, 'notes.txt'), 'not read');
    const policies = await inForce(path);
    assert.deepEqual(namesIn(policies), ['one', 'three', 'two']);
    assert.deepEqual(policies.notices(), []);
  });

  it('are followed as files change, and a set that cannot be read leaves the last one in force', async () => {
    const path = await folder();
    await writeFile(join(path, 'a.yaml'), policy('one'));
    const policies = await inForce(path);
    const replace = async (text: string): Promise<void> => {
      await writeFile(join(path, '.new'), text);
      await rename(join(path, '.new'), join(path, 'a.yaml'));
    };
    const block = { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/40' } }] }] };
    await replace(`${policy('two')}\n---\n${policy('three', block)}`);
    await until('the fault is told', () => policies.notices().length === 1);
    assert.match(
      told(policies),
      /stay in force: a\.yaml, document 2: NetworkPolicy:shop\/three: spec\.ingress\[0\]\.from\[0\]\.ipBlock\.cidr "10\.0\.0\.0\/40" is no CIDR/,
    );
    assert.deepEqual(namesIn(policies), ['one']);
    await replace(`${policy('two')}\n---\n{`);
    await until('the text is refused', () => /document 2: is not YAML/.test(told(policies)));
    assert.deepEqual(namesIn(policies), ['one']);
    await replace(policy('four'));
    await until('the mended set', () => namesIn(policies).join() === 'four');
    assert.deepEqual(policies.notices(), []);
  });

  it('are waited for where the path does not exist yet', async () => {
    const path = join(await folder(), 'later.yaml');
    const policies = await inForce(path);
    assert.match(told(policies), /No policies are in force: .*later\.yaml does not exist/);
    await writeFile(path, policy('one'));
    await until('the set', () => namesIn(policies).length === 1);
    assert.deepEqual(policies.notices(), []);
  });

  it('of kinds and with fields that are not evaluated are told of, and the rest counts', async () => {
    const path = await folder();
    await writeFile(
      join(path, 'a.yaml'),
      `kind: AdminNetworkPolicy\n---\n${policy('one', { podSelector: {}, odd: 1 })}`,
    );
    const policies = await inForce(path);
    assert.match(told(policies), /document 1: AdminNetworkPolicy is not evaluated here/);
    assert.match(told(policies), /document 2: NetworkPolicy:shop\/one: spec\.odd is not known/);
    assert.deepEqual(namesIn(policies), ['one']);
  });

  it('may begin with a long head of comments, whether a marker follows it or not', async () => {
    const head = '# licence\n'.repeat(1000);
    for (const between of ['', '---\n']) {
      const objects = await parseObjects(`${head}${between}${policy('one')}\n---\n${policy('two')}\n`, 'a.yaml');
      assert.equal(objects.length, 2, JSON.stringify(between));
    }
  });

  it('let others run all the while 10,000 of them are read, also where the last cannot be', async () => {
    const text = Array.from({ length: 10_000 }, (_, index) => policy(`p${index}`)).join('\n---\n');
    let [nowMs, turns, longest, turnEndedMs] = [0, 0, 0, 0];
    // A clock that a millisecond passes on whenever it is asked, which is once a document.
    const pace = {
      nowMs: () => (nowMs += 1),
      nextTurn: async () => {
        turns += 1;
        longest = Math.max(longest, nowMs - turnEndedMs);
        turnEndedMs = nowMs;
      },
    };
    const objects = await parseObjects(text, 'all.yaml', pace);
    assert.equal(objects.length, 10_000);
    assert.ok(turns > 800, `${turns} turns`);
    assert.ok(longest <= 12, `${longest} documents in one go`);
    turns = 0;
    await assert.rejects(parseObjects(`${text}\n---\n{`, 'all.yaml', pace), /document 10001: is not YAML/);
    assert.ok(turns > 800, `${turns} turns`);
  });

  it('refuse aliases that multiply, nesting without end and documents without kind, in words', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((name, index) => {
        const before = 'abcdefg'[index];
        return `${name}: &${name} [${Array(9).fill(`*${before}`).join()}]`;
      }),
    ].join('\n');
    await assert.rejects(
      parseObjects(bomb, 'bomb.yaml'),
      /bomb\.yaml, document 1: is not YAML that can be read: .*alias/,
    );
    const deep = `kind: X\na: ${'['.repeat(5000)}${']'.repeat(5000)}`;
    await assert.rejects(parseObjects(deep, 'deep.yaml'), /deep\.yaml, document 1: .*deep/);
    await assert.rejects(parseObjects(`kind: A\n---\nname: x`, 'b.yaml'), /b\.yaml, document 2: kind is missing/);
    await assert.rejects(
      parseObjects('x'.repeat(5 << 20), 'big.yaml'),
      /big\.yaml, document 1: has 5242880 characters/,
    );
  });
});
