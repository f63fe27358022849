// Policies from files, watched. The set is told as a whole or not at all: one document that cannot be read leaves the set
// that was told last.

import { relative } from 'node:path';
import { parseObjects } from './object-text.ts';
import type { PolicyListener, PolicyObject, PolicySource } from './policy-source.ts';
import { WatchedFiles } from './watched-files.ts';

/** Kinds of policies, also those that the evaluator refuses by name; other objects in the files are left alone. */
const policyKind = /NetworkPolicy$/;

export class PolicyFiles implements PolicySource {
  readonly text: string;
  readonly #path: string;
  readonly #recheckMs: number | undefined;
  #files: WatchedFiles | undefined;

  /** @param path a file, or a folder of *.yaml, *.yml and *.json; need not exist yet */
  constructor(path: string, recheckMs?: number) {
    this.#path = path;
    this.#recheckMs = recheckMs;
    const below = relative('', path);
    // Where somebody keeps their files is nothing for a page that others read.
    this.text = `files of ${below.startsWith('..') ? path : below || '.'}`;
  }

  async start(listener: PolicyListener): Promise<void> {
    this.#files = new WatchedFiles({
      path: this.#path,
      ...(this.#recheckMs === undefined ? {} : { recheckMs: this.#recheckMs }),
      onFiles: async (files) => {
        const objects: PolicyObject[] = [];
        for (const { name, text } of files) objects.push(...policiesAmong(await parseObjects(text, name)));
        listener.trouble(undefined);
        await listener.set(objects);
      },
      onTrouble: (error) => listener.trouble(error.message),
    });
    await this.#files.start();
  }

  stop(): void {
    this.#files?.stop();
  }
}

export function policiesAmong(objects: readonly PolicyObject[]): PolicyObject[] {
  return objects.filter(({ object }) => policyKind.test(String((object as { kind?: unknown }).kind)));
}
