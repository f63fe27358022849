// Writes how many stories passed, failed and were skipped to the file that PARALLAX_COUNTS names.

import { writeFileSync } from 'node:fs';
import type { FullConfig, Reporter, Suite } from 'playwright/types/testReporter';

export default class CountsReporter implements Reporter {
  #suite: Suite | undefined;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onEnd(): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const story of this.#suite?.allTests() ?? []) {
      const outcome = story.outcome();
      if (outcome === 'expected') counts.passed += 1;
      else if (outcome === 'skipped') counts.skipped += 1;
      else counts.failed += 1;
    }
    const path = process.env.PARALLAX_COUNTS;
    if (path !== undefined) writeFileSync(path, JSON.stringify(counts));
  }
}
