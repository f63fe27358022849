import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkText } from './check-text.ts';

const head = 'kind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\n';

describe('the text of an editor', () => {
  it('is without fault where the policies can be read', () => {
    assert.deepEqual(checkText(`${head}spec: {podSelector: {}}\n---\n${head}spec: {podSelector: {}}`), []);
    assert.deepEqual(checkText(''), []);
  });

  it('has each fault where its field stands', () => {
    const text = `${head}spec:\n  podSelector: {}\n  ingress:\n    - from:\n        - ipBlock: {cidr: 10.0.0.0/40}\n`;
    const [fault, ...more] = checkText(text);
    assert.deepEqual(more, []);
    assert.equal(text.slice(fault?.from, fault?.to), '10.0.0.0/40');
    assert.match(fault?.message ?? '', /^spec\.ingress\[0\]\.from\[0\]\.ipBlock\.cidr: .* is no CIDR/);
  });

  it('names the document where there are several, and warns of fields that are not known', () => {
    const [fault] = checkText(`${head}spec: {podSelector: {}}\n---\n${head}spec: {podSelector: {}, ingres: []}`);
    assert.equal(fault?.severity, 'warning');
    assert.match(fault?.message ?? '', /^document 2, spec\.ingres: is not known here/);
  });

  it('says what is no YAML, no policy, or too long, and takes no harm from aliases that multiply', () => {
    assert.match(checkText('kind: [')[0]?.message ?? '', /./);
    assert.match(checkText('kind: Pod')[0]?.message ?? '', /kind: "Pod" is none of NetworkPolicy/);
    assert.match(checkText('a'.repeat(2 ** 20 + 1))[0]?.message ?? '', /the limit is/);
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghij'.replace(/./g, (c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghij'[i]}`)}]\n`)}`;
    assert.deepEqual(checkText(bomb), []);
  });
});
