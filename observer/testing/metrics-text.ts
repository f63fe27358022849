// What a metrics endpoint serves, and what docs/metrics.md says of it, read into the same shape so that tests can compare
// them; and what Prometheus' own checker says.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface DescribedMetric {
  readonly type: string;
  readonly help: string;
  /** Undefined where no series is there to tell them. */
  readonly labels: string | undefined;
}

/** Of one scrape in Prometheus' text form; the process's own (`process_`, `nodejs_`) are left out. */
export function servedMetrics(text: string): Map<string, DescribedMetric> {
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]));
  const labels = new Map<string, string>();
  for (const [, name = '', inside = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const names = [...inside.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)]
      .map(([, label]) => label)
      .filter((it) => it !== 'le');
    labels.set(name.replace(/_(bucket|sum|count)$/, ''), names.join(', '));
  }
  return new Map(
    [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)]
      .filter(([, name = '']) => !/^(process|nodejs)_/.test(name))
      .map(([, name = '', type = '']) => [name, { type, help: helps.get(name) ?? '', labels: labels.get(name) }]),
  );
}

/** Rows of the tables under these headings of docs/metrics.md: | `name` | type | labels | meaning |. */
export function documentedMetrics(...headings: readonly string[]): Map<string, DescribedMetric> {
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const sections = text.split(/^## /m).filter((section) => headings.includes(section.split('\n', 1)[0] ?? ''));
  const rows = sections.flatMap((section) => [
    ...section.matchAll(/^\| `(\w+)` \| (\w+) \| (?:`([^|]*)`)? ?\| (.*) \|$/gm),
  ]);
  return new Map(
    rows.map(([, name = '', type = '', labels = '', help = '']) => [
      name,
      { type, help, labels: labels.replaceAll('`', '') },
    ]),
  );
}

/** What is served that the document does not say, or says differently, and the other way round; empty if they agree. */
export function disagreements(
  served: ReadonlyMap<string, DescribedMetric>,
  documented: ReadonlyMap<string, DescribedMetric>,
): string[] {
  const row = (name: string, { type, help, labels }: DescribedMetric) => {
    const inTicks = labels === undefined || labels === '' ? '' : `\`${labels.replaceAll(', ', '`, `')}\` `;
    return `| \`${name}\` | ${type} | ${inTicks}| ${help} |`;
  };
  const wrong = [...served].flatMap(([name, metric]) => {
    const said = documented.get(name);
    const told = { ...metric, labels: metric.labels ?? said?.labels };
    return said !== undefined && row(name, said) === row(name, told) ? [] : [`should be: ${row(name, told)}`];
  });
  const gone = [...documented.keys()].filter((name) => !served.has(name)).map((name) => `not served: ${name}`);
  return [...wrong, ...gone];
}

/** Of `promtool check metrics`: empty if it has nothing to say. */
export function promtoolComplaints(text: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stdout}${stderr}`;
}

/** For a test's `skip`. */
export function noPromtool(): string | false {
  return spawnSync('promtool', ['--version']).status === 0 ? false : "promtool is not there (Debian's prometheus)";
}
