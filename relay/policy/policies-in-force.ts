// The policies that flows are annotated with: what the source told last and could be compiled, against the world told last.
// Replaced as a whole; a flow is judged by one set or by the next, never by a mixture.

import { emptyWorld, type World } from '#policy/world.ts';
import { Notice, Notice_Severity as Severity } from '#proto/gen/parallax/v1/dashboard.ts';
import { Annotator, newCounters } from './annotator.ts';
import { type CompiledPolicies, compilePolicies } from './compile-policies.ts';
import { parseObjects } from './object-text.ts';
import type { PolicyObject, PolicySource } from './policy-source.ts';
import { PolicyTally } from './policy-tally.ts';
import { WatchedFiles } from './watched-files.ts';
import { worldOfObjects } from './world-objects.ts';

/** Distinct label sets that flows have brought in; beyond, the set is compiled anew and forgets those that are gone. */
const maxGroups = 50_000;
/** Warnings in one notice. */
const maxWarnings = 5;

export interface PoliciesInForceOptions {
  readonly source: PolicySource;
  /** Kubernetes objects (file or folder) that name pods, their ports, namespaces and services. Without: what flows tell. */
  readonly objectsPath?: string;
  readonly nowMs: () => number;
}

export class PoliciesInForce {
  readonly tally: PolicyTally;
  readonly sourceText: string;
  readonly counters = newCounters();
  readonly #source: PolicySource;
  readonly #objects: WatchedFiles | undefined;
  #policies: readonly PolicyObject[] = [];
  #world: World = emptyWorld;
  #compiled: CompiledPolicies | undefined;
  #annotator: Annotator | undefined;
  #sourceTrouble: string | undefined;
  #compileTrouble: string | undefined;
  #compiling: Promise<void> | undefined;
  /** Told of something that the last compilation did not know. */
  #isStale = false;
  #objectsTrouble: string | undefined;

  constructor({ source, objectsPath, nowMs }: PoliciesInForceOptions) {
    this.#source = source;
    this.sourceText = source.text;
    this.tally = new PolicyTally(nowMs);
    if (objectsPath === undefined) return;
    this.#objects = new WatchedFiles({
      path: objectsPath,
      onFiles: async (files) => {
        const objects = [];
        for (const { name, text } of files) objects.push(...(await parseObjects(text, name)));
        this.#world = worldOfObjects(objects.map(({ object }) => object));
        this.#objectsTrouble = undefined;
        await this.#compile();
      },
      onTrouble: (error) => {
        this.#objectsTrouble = error.message;
      },
    });
  }

  /** Resolves when files have been read, whatever was in them. */
  async start(): Promise<void> {
    await this.#objects?.start();
    await this.#source.start({
      set: (objects) => {
        this.#policies = objects;
        return this.#compile();
      },
      world: (world) => {
        this.#world = world;
        return this.#compile();
      },
      trouble: (text) => {
        this.#sourceTrouble = text;
      },
    });
  }

  stop(): void {
    this.#objects?.stop();
    this.#source.stop();
  }

  get set(): CompiledPolicies['set'] | undefined {
    return this.#compiled?.set;
  }

  /** As told last, in force or not. */
  get policies(): readonly PolicyObject[] {
    return this.#policies;
  }

  get world(): World {
    return this.#world;
  }

  /** See Annotator.annotate. Nothing is added while no policy is in force. */
  annotate(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const annotator = this.#annotator;
    if (annotator === undefined) return undefined;
    if ((this.#compiled?.set.parties.groups ?? 0) > maxGroups && this.#compiling === undefined) void this.#compile();
    return annotator.annotate(bytes, start, end);
  }

  notices(): Notice[] {
    const notices: Notice[] = [...(this.#source.notices?.() ?? [])];
    const add = (severity: Severity, key: string, text: string, mend: string) =>
      notices.push(Notice.create({ severity, key, text, mend }));
    const trouble = this.#sourceTrouble ?? this.#compileTrouble;
    const inForce =
      this.#compiled === undefined ? 'No policies are in force' : 'The policies read before stay in force';
    if (this.#compiling !== undefined)
      add(
        Severity.INFO,
        'policies-reading',
        `${this.#policies.length} policies are being read.`,
        'Until then flows are judged by those before.',
      );
    if (trouble !== undefined)
      add(Severity.ERROR, 'policies-refused', `${inForce}: ${trouble}.`, 'Mend the file; it is read again by itself.');
    if (this.#objectsTrouble !== undefined) {
      const text = `Pods and services are known from flows and earlier objects only: ${this.#objectsTrouble}.`;
      add(Severity.WARNING, 'policy-objects', text, 'Mend the file; it is read again by itself.');
    }
    const warnings = this.#compiled?.warnings ?? [];
    if (warnings.length > 0) {
      const more = warnings.length > maxWarnings ? `; and ${warnings.length - maxWarnings} more` : '';
      const text = `Some of the policies is not evaluated: ${warnings.slice(0, maxWarnings).join('; ')}${more}.`;
      add(Severity.WARNING, 'policies-partly', text, 'Verdicts may differ from those of the cluster there.');
    }
    return notices;
  }

  /** Resolves when what was told last is in force or refused. */
  async settled(): Promise<void> {
    await this.#compiling;
  }

  /** One at a time, with what was told last; whoever asks meanwhile waits for one that begins after. */
  async #compile(): Promise<void> {
    this.#isStale = true;
    this.#compiling ??= this.#compileUntilCurrent().finally(() => {
      this.#compiling = undefined;
    });
    await this.#compiling;
  }

  async #compileUntilCurrent(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        const compiled = await compilePolicies(this.#policies, this.#world, this.#source.leavesOutFaulty);
        this.#compiled = compiled;
        this.#compileTrouble = undefined;
        this.#annotator =
          compiled.set.sections.length === 0
            ? undefined
            : new Annotator(compiled.set, (decided) => this.tally.add(decided), this.counters);
      } catch (error) {
        this.#compileTrouble = error instanceof Error ? error.message : String(error);
      }
    }
  }
}
