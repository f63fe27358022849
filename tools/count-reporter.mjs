// A reporter for node's test runner: writes the numbers of passed, failed and skipped tests as one JSON line.

export default async function* countReporter(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const event of source) {
    const isTest = event.data?.details?.type !== 'suite';
    if (!isTest) continue;
    if (event.type === 'test:pass') {
      if (event.data.skip !== undefined) counts.skipped += 1;
      else counts.passed += 1;
    } else if (event.type === 'test:fail') counts.failed += 1;
  }
  yield `${JSON.stringify(counts)}\n`;
}
