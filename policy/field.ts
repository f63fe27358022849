// Reads a policy object field by field and says in words where it is wrong. An object with an error is refused as a whole; what is
// merely unknown is kept and warned about.

export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Position of the object in the set, from 0. */
  readonly object: number;
  /** `Kind:namespace/name`, or what could be told of it. */
  readonly policy: string;
  /** "spec.ingress[0].from[1].ipBlock.cidr" */
  readonly field: string;
  readonly message: string;
}

export class PolicyFieldError extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** One place in an object, with its path. */
export class Field {
  readonly path: string;
  readonly value: unknown;
  readonly #warn: (field: string, message: string) => void;

  constructor(value: unknown, path: string, warn: (field: string, message: string) => void) {
    this.value = value;
    this.path = path;
    this.#warn = warn;
  }

  /** Null counts as left out, as it does for Kubernetes. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get(name: string): Field {
    return new Field(this.#object()[name], this.path === '' ? name : `${this.path}.${name}`, this.#warn);
  }

  /** Undefined if left out: an empty list is another thing. */
  list(): readonly Field[] | undefined {
    if (!this.isSet) return undefined;
    if (!Array.isArray(this.value)) throw this.error('must be a list');
    return this.value.map((value, index) => new Field(value, `${this.path}[${index}]`, this.#warn));
  }

  text(): string | undefined {
    if (!this.isSet) return undefined;
    if (typeof this.value !== 'string')
      throw this.error(`must be text, not ${JSON.stringify(this.value)?.slice(0, 60)}`);
    return this.value;
  }

  integer(from: number, to: number): number | undefined {
    if (!this.isSet) return undefined;
    if (typeof this.value !== 'number' || !Number.isInteger(this.value) || this.value < from || this.value > to)
      throw this.error(`must be a whole number from ${from} to ${to}, not ${JSON.stringify(this.value)?.slice(0, 60)}`);
    return this.value;
  }

  boolean(): boolean | undefined {
    if (!this.isSet) return undefined;
    if (typeof this.value !== 'boolean') throw this.error('must be true or false');
    return this.value;
  }

  texts(): readonly string[] | undefined {
    return this.list()?.map((each) => each.text() ?? '');
  }

  entries(): readonly (readonly [string, string])[] {
    if (!this.isSet) return [];
    return Object.entries(this.#object()).map(([key, value]) => {
      if (typeof value !== 'string') throw this.get(key).error('must be text');
      return [key, value] as const;
    });
  }

  warnOfOthers(known: readonly string[]): void {
    if (!this.isSet) return;
    for (const key of Object.keys(this.#object()))
      if (!known.includes(key)) this.#warn(this.get(key).path, 'is not known here and has no effect');
  }

  warn(message: string): void {
    this.#warn(this.path, message);
  }

  error(message: string): PolicyFieldError {
    return new PolicyFieldError(this.path, message);
  }

  #object(): Json {
    if (!this.isSet) return {};
    if (typeof this.value !== 'object' || Array.isArray(this.value)) throw this.error('must be an object');
    return this.value as Json;
  }
}
