// What a page has to say of this exporter's source, in plain sentences: that a recording is played and why, which
// parts of capture this machine lacks, and what mends it. Pure.

import { Notice, Notice_Severity } from '#proto/gen/parallax/v1/dashboard.ts';
import type { CaptureFeature } from './kernel/capture-types.ts';
import type { Support } from './kernel/support.ts';

/** Why nothing can be captured. */
export interface Obstacle {
  /** A clause without a full stop: "this process may not load BPF programs". */
  readonly why: string;
  readonly mend: string;
}

/** The checks that failed and without which nothing can be captured. Undefined if capture may be tried. */
export function obstacleOf(support: Support): Obstacle | undefined {
  if (support.ok) return undefined;
  const failed = support.findings.filter((finding) => finding.isRequired && !finding.ok);
  return {
    why: failed.map(({ detail }) => detail).join(', and '),
    mend: failed.map(({ mend }) => mend).join('; '),
  };
}

/** `obstacle` undefined: the recording was asked for. */
export function replayNotice(description: string, recordedOn: string, obstacle: Obstacle | undefined): Notice {
  const what = description === '' ? 'a recording' : `a recording ("${description}")`;
  return Notice.create({
    severity: Notice_Severity.WARNING,
    key: 'replay',
    text:
      obstacle === undefined
        ? `These flows are not live: ${what} of ${recordedOn} is played, as was asked for.`
        : `These flows are not live: ${what} of ${recordedOn} is played, because nothing can be captured here: ${obstacle.why}.`,
    mend: obstacle === undefined ? 'Start the exporter without --replay to see this machine.' : sentence(obstacle.mend),
  });
}

const WITHOUT: Readonly<Record<CaptureFeature['name'], string>> = {
  connections: 'Connections are not captured',
  l7: 'Requests (HTTP, DNS, TLS and others) are not read',
  drops: 'Packets that the kernel drops are not seen',
  sockets: 'Processes, connect times and round trips of connections are not known',
  datagrams: 'Processes that send datagrams (UDP) are not known, but for servers of the host itself',
  translations: 'Who is behind a masqueraded connection is not known: it has the node as its source',
};

const MEND: Readonly<Record<CaptureFeature['name'], string>> = {
  connections: 'See what `parallax doctor` says of this machine.',
  l7: 'See what `parallax doctor` says of this machine.',
  drops: 'Drops with reasons need Linux 5.17 or later with BTF, and tracepoints that this process may use.',
  sockets: 'Sockets need Linux 5.12 or later with BTF, and tracepoints that this process may use.',
  datagrams: "Who makes a socket is told by a program on the root of cgroup v2: mount it, in a container the host's.",
  translations: 'Connection tracking is asked over ctnetlink (CONFIG_NF_CT_NETLINK), with CAP_NET_ADMIN.',
};

/** One notice for each missing part, with the kernel's reason. */
export function featureNotices(features: readonly CaptureFeature[]): Notice[] {
  return features
    .filter((feature) => !feature.enabled)
    .map(({ name, reason }) =>
      Notice.create({
        severity: Notice_Severity.WARNING,
        key: `feature-${name}`,
        text: `${WITHOUT[name]}: ${reason?.split('\n')[0] ?? 'the reason is not known'}.`,
        mend: MEND[name],
      }),
    );
}

function sentence(text: string): string {
  return text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
