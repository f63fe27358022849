// `npm run build`: npm packages and the page, without starting anything. For images and for offline machines.

import { installNpmPackages } from './npm-packages.mjs';
import { buildUi } from './ui-build.mjs';

await installNpmPackages();
await buildUi();
