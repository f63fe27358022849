// npm packages, the pinned Node among them. `npm install` and not `npm ci`: a lock made where the binaries of another
// platform could not be fetched lacks them, and npm ci refuses such a lock; install honours what the lock lists and
// adds what this platform needs. Versions are exact in package.json either way. No install script is run.

import { step } from './report.mjs';
import { root } from './root.mjs';
import { run } from './run.mjs';
import { hashOf, onlyIfChanged } from './stamp.mjs';

export function installNpmPackages() {
  return onlyIfChanged('node_modules/.parallax-installed', hashOf(['package.json', 'package-lock.json']), () =>
    step('npm packages (once; needs the npm registry)', () =>
      run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'], { cwd: root }),
    ),
  );
}
