import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRecord } from './csv.ts';

test('text that a spreadsheet would compute is quoted, and numbers are not', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '  =1', '\n1', '\u00a0=1', '\uff1d1', '\uff20a'])
    assert.match(csvRecord([text]), /^"?'/, JSON.stringify(text));
  assert.equal(csvRecord([-1, 'a-b', '/x?a=1', '']), '-1,a-b,/x?a=1,\r\n');
});

test('commas, quotes and line ends stay within their cell', () => {
  assert.equal(csvRecord(['a,b', 'say "x"', 'two\r\nlines']), '"a,b","say ""x""","two\r\nlines"\r\n');
  assert.equal(csvRecord(['=HYPERLINK("http://x","y")']), `"'=HYPERLINK(""http://x"",""y"")"\r\n`);
});
