// The page, built once for each state of its sources. Next's standalone output does not carry its static files, so
// they are copied beside its server.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './report.mjs';
import { findNode, root } from './root.mjs';
import { run } from './run.mjs';
import { hashOf, onlyIfChanged } from './stamp.mjs';

const sources = [
  'app',
  'components',
  'flow',
  'policy',
  'proto/gen',
  'next.config.js',
  'proxy.ts',
  'instrumentation-client.ts',
  'postcss.config.mjs',
  'package.json',
  'package-lock.json',
];

export function buildUi() {
  return onlyIfChanged('.next/parallax-built', hashOf(sources), () =>
    step('building the page (again only when its sources change)', async () => {
      const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
      await run(findNode(), [join('node_modules', 'next', 'dist', 'bin', 'next'), 'build'], { cwd: root, env });
      cpSync(join(root, '.next', 'static'), join(root, '.next', 'standalone', '.next', 'static'), { recursive: true });
    }),
  );
}
