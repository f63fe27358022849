import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFilterText } from '#flow/filter-text/parse.ts';
import { connectionTerms } from './end-terms.ts';

test('a connection becomes terms that the filter reads, by what each end is', () => {
  const web = { kind: 'workload', namespace: 'shop', name: 'web' } as const;
  const ends = [
    [{ kind: 'workload', namespace: 'data', name: 'redis' }, 'to:namespace:data to:workload:redis'],
    [{ kind: 'external', namespace: '', name: 'api.example.com' }, 'to:fqdn:api.example.com'],
    [{ kind: 'external', namespace: '', name: '203.0.113.7' }, 'to:ip:203.0.113.7'],
    [{ kind: 'external', namespace: '', name: '2001:db8::1' }, 'to:ip:2001:db8::1'],
    [{ kind: 'reserved', namespace: '', name: 'host' }, 'to:identity:host'],
    [{ kind: 'host-process', namespace: '', name: 'sshd' }, 'to:process:sshd'],
    [{ kind: 'other', namespace: '', name: 'other' }, ''],
  ] as const;
  for (const [end, text] of ends) {
    const terms = connectionTerms(web, end);
    assert.equal(terms, `from:namespace:shop from:workload:web ${text}`.trimEnd());
    assert.deepEqual(parseFilterText(terms).errors, []);
  }
});
