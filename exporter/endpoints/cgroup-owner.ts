// What a cgroup path says of the processes in it, by the conventions of systemd, Docker, Podman, containerd and CRI-O.

export interface CgroupOwner {
  /** 64 hex digits, or empty. */
  readonly containerId: string;
  /** UID of the Kubernetes pod, or empty. */
  readonly podUid: string;
  /** "nginx.service", or empty. Login sessions and slices are no units in this sense: they say who, not what. */
  readonly unit: string;
}

/** `path` below the cgroup root. */
export function cgroupOwner(path: string): CgroupOwner {
  let containerId = '';
  let podUid = '';
  let unit = '';
  for (const part of path.split('/')) {
    containerId = /(?:^|-|:)([0-9a-f]{64})(?:\.scope)?$/.exec(part)?.[1] ?? containerId;
    const pod = /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})(?:\.slice)?$/.exec(part)?.[1];
    if (pod !== undefined) podUid = pod.replaceAll('_', '-');
    // A user's manager holds that user's services: the inner one names the program.
    if (part.endsWith('.service') && !/^user@\d+\.service$/.test(part)) unit = unescapeUnit(part);
  }
  return { containerId, podUid, unit: containerId === '' ? unit : '' };
}

/** systemd writes bytes that a name may not hold as \xHH (systemd.unit(5)). */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
