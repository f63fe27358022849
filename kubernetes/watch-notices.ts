// What a page has to say of watches that do not work: one sentence for the server that is not reached, one for each
// resource that is refused. Pure.

import { Notice, Notice_Severity as Severity } from '#proto/gen/parallax/v1/dashboard.ts';
import { fullNameOf } from './resource.ts';
import type { ResourceWatch } from './resource-watch.ts';

type Watched = Pick<ResourceWatch, 'resource' | 'standing' | 'isSynced' | 'counters' | 'refusal'>;

/** Not told of sooner, where the objects are known: an API server restarts in some seconds. */
const patienceMs = 15_000;

export function watchNotices(server: string, watches: readonly Watched[], nowMs: number): Notice[] {
  const notices: Notice[] = [];
  const troubles = new Map<string, Watched[]>();
  for (const watch of watches) {
    const { standing, resource, isSynced } = watch;
    if (standing.state !== 'failing') continue;
    if (standing.kind === 'forbidden') {
      notices.push(forbidden(watch, standing.text));
      continue;
    }
    if (isSynced && nowMs - standing.sinceMs < patienceMs) continue;
    const text = standing.kind === 'absent' ? `it has no ${fullNameOf(resource)}` : standing.text;
    troubles.set(text, [...(troubles.get(text) ?? []), watch]);
  }
  for (const [text, concerned] of troubles) {
    const names = concerned.map(({ resource }) => fullNameOf(resource)).join(', ');
    const isKnown = concerned.every(({ isSynced }) => isSynced);
    notices.push(
      Notice.create({
        severity: isKnown ? Severity.WARNING : Severity.ERROR,
        key: 'kubernetes-unreachable',
        text: `The Kubernetes API server ${server} does not tell of ${names}: ${text}. ${isKnown ? 'What it told last is still used.' : 'Names from there are missing.'}`,
        mend: 'It is tried again by itself; `parallax doctor --kubernetes` tries once and tells more.',
      }),
    );
  }
  for (const { resource, counters, refusal } of watches) {
    if (refusal === undefined) continue;
    notices.push(
      Notice.create({
        severity: Severity.WARNING,
        key: 'kubernetes-refused',
        text: `${counters.refused} times an object among the ${fullNameOf(resource)} was left out; the last time because ${refusal}.`,
      }),
    );
  }
  return notices;
}

function forbidden({ resource, isSynced }: Watched, text: string): Notice {
  const group = resource.group === '' ? '""' : resource.group;
  return Notice.create({
    severity: Severity.WARNING,
    key: 'kubernetes-forbidden',
    text: `${isSynced ? 'No longer' : 'Not'} allowed to read ${fullNameOf(resource)}, and without them ${resource.use}: ${text}.`,
    mend: `Grant list and watch on ${resource.name} (apiGroups: [${group}]) to this service account; it is asked again every minute.`,
  });
}
