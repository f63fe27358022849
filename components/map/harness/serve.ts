// Builds the harness with esbuild and Tailwind into a folder of its own and serves it: node serve.ts PORT [OUT_DIR]
// Prints one line when ready. Binds 127.0.0.1 only.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import tailwind from '@tailwindcss/postcss';
import { build } from 'esbuild';
import postcss from 'postcss';

const root = resolve(import.meta.dirname, '../../..');
const port = Number(process.argv[2] ?? 26000);
const out = process.argv[3] ?? join(tmpdir(), `map-harness-${port}`);

await buildPage();
createServer((request, response) => {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const file = path === '/' ? 'index.html' : path.slice(1).replaceAll('..', '');
  try {
    const body = readFileSync(join(out, file));
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(port, '127.0.0.1', () => process.stdout.write(`map harness on http://127.0.0.1:${port}\n`));

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
};

async function buildPage(): Promise<void> {
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: [join(root, 'components/map/harness/harness.tsx')],
    outfile: join(out, 'harness.js'),
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  // The worker is named by URL in the source; a product build copies it, here it is put where that URL points.
  mkdirSync(join(out, 'elkjs/lib'), { recursive: true });
  cpSync(join(root, 'node_modules/elkjs/lib/elk-worker.min.js'), join(out, 'elkjs/lib/elk-worker.min.js'));
  const source = join(root, 'app/globals.css');
  const css = readFileSync(source, 'utf8');
  const styled = await postcss()
    .use(tailwind({ base: join(root, 'components/map') }) as never)
    .process(css, {
      from: source,
      to: join(out, 'style.css'),
    });
  writeFileSync(join(out, 'style.css'), styled.css.replaceAll(/url\([^)]*?([\w-]+\.woff2)[^)]*\)/g, 'url(fonts/$1)'));
  mkdirSync(join(out, 'fonts'), { recursive: true });
  for (const name of ['geist', 'jetbrains-mono']) {
    cpSync(join(root, `node_modules/@fontsource-variable/${name}/files`), join(out, 'fonts'), { recursive: true });
  }
  writeFileSync(
    join(out, 'index.html'),
    '<!doctype html><link rel="stylesheet" href="style.css"><div id="root"></div><script type="module" src="harness.js"></script>',
  );
}
