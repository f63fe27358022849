// Filter flags of `hubble observe` (and of `parallax observe`) to allow and deny lists, in the CLI's own way: flags
// about either end fill one filter as source and one as destination, `--not` sends the next flag to the deny list.

import { FlowFilter } from '#proto/gen/flow/flow.ts';
import type { Side } from '../filter/clause.ts';
import type { FilterLists } from './build-filters.ts';
import { type FilterKey, filterKeys } from './keys.ts';
import { parseFilterText } from './parse.ts';

/** A flag that can't be used; the message names it and says what to write. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

export interface FlagFilters extends FilterLists {
  /** Arguments that are no filter flags, in their order. */
  readonly rest: readonly string[];
}

/** More arguments than a person or a script writes. */
const maximumArguments = 4096;

const shortFlags: ReadonlyMap<string, string> = new Map([
  ['-n', '--namespace'],
  ['-A', '--all-namespaces'],
  ['-l', '--label'],
  ['-t', '--type'],
  ['-4', '--ipv4'],
  ['-6', '--ipv6'],
]);

/** Flags without a value, as key and value. */
const switches: ReadonlyMap<string, readonly [key: string, value: string]> = new Map([
  ['--ipv4', ['ip.version', '4']],
  ['--ipv6', ['ip.version', '6']],
  ['--encrypted', ['encrypted', 'yes']],
  ['--unencrypted', ['encrypted', 'no']],
]);

const keysByFlag: ReadonlyMap<string, FilterKey> = new Map(filterKeys.map((key) => [`--${key.flag}`, key]));

/** Throws FlagError for a bad value, a missing one, or a `--not` without a filter behind it. */
export function filtersFromFlags(args: readonly string[]): FlagFilters {
  if (args.length > maximumArguments)
    throw new FlagError(`${args.length} arguments are more than ${maximumArguments}; put the filter into --filter`);
  const allow = new FlagFilter();
  const deny = new FlagFilter();
  const whitelist: FlowFilter[] = [];
  const blacklist: FlowFilter[] = [];
  const rest: string[] = [];
  let isNegated = false;
  const pending = [...args];
  for (let argument = pending.shift(); argument !== undefined; argument = pending.shift()) {
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const flag = shortFlags.get(written) ?? written;
    const takeValue = (): string => {
      const value = equals < 0 ? pending.shift() : argument.slice(equals + 1);
      if (value === undefined) throw new FlagError(`${written} needs a value; write ${written} VALUE`);
      return value;
    };
    const filter = isNegated ? deny : allow;
    const flagSwitch = switches.get(flag);
    const found = findFlag(flag);
    if (flag === '--not') {
      if (isNegated) throw new FlagError('--not --not says nothing; leave both out');
      isNegated = true;
      continue;
    }
    if (flag === '--allowlist' || flag === '--denylist') {
      (flag === '--allowlist' ? whitelist : blacklist).push(parseJsonFilter(flag, takeValue()));
    } else if (flag === '--filter') {
      addFilterText(takeValue(), whitelist, blacklist);
    } else if (flag === '--all-namespaces') {
      // Every namespace is what no namespace flag means; the flag is there to say so.
    } else if (flagSwitch !== undefined) {
      filter.add(written, requireKey(flagSwitch[0]), 'either', flagSwitch[1]);
    } else if (found !== undefined) {
      filter.add(written, found.key, found.side, flagToText(found.key, takeValue()));
    } else {
      if (isNegated) throw new FlagError(`--not stands before ${written}, which is no filter flag; put it before one`);
      rest.push(argument);
    }
    isNegated = false;
  }
  if (isNegated) throw new FlagError('--not has no filter flag behind it; add one or leave it out');
  return { whitelist: [...allow.filters(), ...whitelist], blacklist: [...deny.filters(), ...blacklist], rest };
}

type FlagSide = 'either' | Side;

function findFlag(flag: string): { key: FilterKey; side: FlagSide } | undefined {
  const whole = keysByFlag.get(flag);
  if (whole !== undefined) return { key: whole, side: 'either' };
  const [, direction, name] = /^--(from|to)-(.+)$/.exec(flag) ?? [];
  const key = keysByFlag.get(`--${name}`);
  if (key?.hasSides !== true) return undefined;
  return { key, side: direction === 'from' ? 'source' : 'destination' };
}

/** Where the CLI's spelling of a value is not the filter text's. */
function flagToText(key: FilterKey, value: string): string {
  switch (key.name) {
    case 'tcp.flags':
      return value.replaceAll(',', '+');
    case 'http.path':
    case 'http.url':
    case 'dns':
      return `~${value}`;
    case 'pod':
    case 'service':
      return value.includes('/') ? value : `default/${value}`;
    default:
      return value;
  }
}

/** The filter that flags add up to: `left` has either-end flags as source, `right` as destination. */
class FlagFilter {
  #left: FlowFilter | undefined;
  #right: FlowFilter | undefined;
  readonly #namespaces: Record<FlagSide, string[]> = { either: [], source: [], destination: [] };
  readonly #pods: Record<FlagSide, string[]> = { either: [], source: [], destination: [] };

  add(flag: string, key: FilterKey, side: FlagSide, value: string): void {
    if (key.name === 'namespace') this.#namespaces[side].push(value);
    else if (key.name === 'pod') this.#pods[side].push(value);
    else this.#fill(flag, key, side, value);
  }

  filters(): FlowFilter[] {
    this.#addPods();
    if (this.#left === undefined || this.#right === undefined) return [];
    const isSame = JSON.stringify(FlowFilter.toJSON(this.#left)) === JSON.stringify(FlowFilter.toJSON(this.#right));
    return isSame ? [this.#left] : [this.#left, this.#right];
  }

  /** With a namespace for the same end, a pod's own default namespace gives way to it. */
  #addPods(): void {
    for (const side of ['either', 'source', 'destination'] as const) {
      const namespaces = this.#namespaces[side];
      const pods = this.#pods[side];
      if (pods.length === 0)
        for (const each of namespaces) this.#fill('--namespace', requireKey('namespace'), side, each);
      for (const pod of pods) {
        const names =
          namespaces.length === 0 ? [pod] : namespaces.map((each) => `${each}/${pod.slice(pod.indexOf('/') + 1)}`);
        for (const name of names) this.#fill('--pod', requireKey('pod'), side, name);
      }
      namespaces.length = 0;
      pods.length = 0;
    }
  }

  #fill(flag: string, key: FilterKey, side: FlagSide, value: string): void {
    this.#left ??= FlowFilter.fromPartial({});
    this.#right ??= FlowFilter.fromPartial({});
    try {
      key.fill(this.#left, [value], side === 'either' ? 'source' : side);
      key.fill(this.#right, [value], side === 'either' ? 'destination' : side);
    } catch (cause) {
      throw new FlagError(`${flag}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

function requireKey(name: string): FilterKey {
  const key = filterKeys.find((each) => each.name === name);
  if (key === undefined) throw new FlagError(`${name} is no filter key`);
  return key;
}

function addFilterText(text: string, whitelist: FlowFilter[], blacklist: FlowFilter[]): void {
  const parsed = parseFilterText(text);
  const [error] = parsed.errors;
  if (error !== undefined) throw new FlagError(`--filter: ${error.message} (at character ${error.from + 1})`);
  whitelist.push(...parsed.whitelist);
  blacklist.push(...parsed.blacklist);
}

function parseJsonFilter(flag: string, text: string): FlowFilter {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError('it is no object');
    return FlowFilter.fromJSON(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FlagError(
      `${flag}: the value is no FlowFilter in JSON (${reason}); write {"source_pod":["default/web"]}`,
      { cause },
    );
  }
}
