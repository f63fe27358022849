// Which processes' TLS libraries are read: what somebody wrote behind --tls-plaintext, and whether a process is meant.

/** What a selector can ask of a process. */
export interface ProcessFacts {
  readonly pid: number;
  /** As the kernel has it, at most 15 characters. */
  readonly command: string;
  /** Path among the process's own mounts; '' where it may not be read. */
  readonly executable: string;
  /** "nginx.service"; '' if none. */
  readonly unit: string;
  /** 64 hex digits; '' if none. */
  readonly containerId: string;
}

const KINDS = ['comm', 'exe', 'pid', 'unit', 'container'] as const;
const MIN_CONTAINER_DIGITS = 12;
const COMMAND_BYTES = 15;

export interface ProcessSelector {
  readonly kind: (typeof KINDS)[number];
  readonly value: string;
}

/** Throws with the forms there are. A longer command is cut as the kernel cuts it. */
export function parseProcessSelector(text: string): ProcessSelector {
  const split = text.indexOf(':');
  const kind = KINDS.find((one) => one === text.slice(0, Math.max(0, split)));
  const value = text.slice(split + 1);
  if (kind === undefined || value === '') {
    throw new Error(
      `"${text}" selects no process: write comm:NAME, exe:/PATH, pid:NUMBER, unit:NAME.service or container:ID`,
    );
  }
  if (kind === 'pid' && !/^[1-9]\d{0,9}$/.test(value))
    throw new Error(`"${text}" selects no process: a pid is a number`);
  if (kind === 'exe' && !value.startsWith('/')) {
    throw new Error(`"${text}" selects no process: a program is told by its whole path`);
  }
  if (kind === 'container' && !(/^[0-9a-f]+$/.test(value) && value.length >= MIN_CONTAINER_DIGITS)) {
    throw new Error(
      `"${text}" selects no process: a container is told by at least ${MIN_CONTAINER_DIGITS} digits of its id`,
    );
  }
  return { kind, value: kind === 'comm' ? value.slice(0, COMMAND_BYTES) : value };
}

export function isSelected(selector: ProcessSelector, facts: ProcessFacts): boolean {
  const { kind, value } = selector;
  switch (kind) {
    case 'comm':
      return facts.command === value;
    case 'exe':
      return facts.executable === value;
    case 'pid':
      return facts.pid === Number(value);
    case 'unit':
      return facts.unit === value;
    case 'container':
      return facts.containerId.startsWith(value);
  }
}
