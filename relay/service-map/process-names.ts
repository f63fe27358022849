// The programs behind a flow's two ends, from its FlowDetails. One pass over the bytes.

import { WIRE_BYTES, WireReader } from '#observer/wire-reader.ts';

export interface ProcessNames {
  /** '' where the flow does not tell. */
  readonly source: string;
  readonly destination: string;
}

/** Field numbers from GetFlowsResponse down to Process.command: flow, extensions, the Any's value, the process. */
const FLOW = 1;
const EXTENSIONS = 150_000;
const ANY_VALUE = 2;
const SOURCE_PROCESS = 6;
const DESTINATION_PROCESS = 7;
const COMMAND = 2;
const EXECUTABLE = 3;
const MAIN_THREAD = 'MainThread';

const unknown: ProcessNames = { source: '', destination: '' };
const text = new TextDecoder();

export class ProcessNameScanner {
  readonly #reader = new WireReader();

  /** `message` is a GetFlowsResponse that the ring has accepted. What cannot be read counts as not told. */
  scan(message: Uint8Array): ProcessNames {
    const found = { source: '', destination: '' };
    this.#reader.reset(message, 0, message.length);
    try {
      this.#enter(FLOW, () =>
        this.#enter(EXTENSIONS, () =>
          this.#enter(ANY_VALUE, () =>
            this.#fields((field) => {
              if (field !== SOURCE_PROCESS && field !== DESTINATION_PROCESS) return undefined;
              return () => {
                found[field === SOURCE_PROCESS ? 'source' : 'destination'] = this.#program();
              };
            }),
          ),
        ),
      );
    } catch {
      return unknown;
    }
    return found;
  }

  /** Its command, which programs set to say what they are; its file where that is only what Node calls its first thread. */
  #program(): string {
    let command = '';
    let executable = '';
    this.#fields((field) => {
      if (field !== COMMAND && field !== EXECUTABLE) return undefined;
      return () => {
        const { bytes, position, end } = this.#reader;
        const value = text.decode(bytes.subarray(position, end));
        if (field === COMMAND) command = value;
        else executable = value;
        this.#reader.position = end;
      };
    });
    return command === MAIN_THREAD ? executable.split('/').at(-1) || command : command;
  }

  /** Reads what is inside every field of that number. */
  #enter(wanted: number, read: () => void): void {
    this.#fields((field) => (field === wanted ? read : undefined));
  }

  /** `readerOf` says how to read what is inside a field with a length; the others are skipped. */
  #fields(readerOf: (field: number) => (() => void) | undefined): void {
    const reader = this.#reader;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      const read = (tag & 7) === WIRE_BYTES ? readerOf(tag >>> 3) : undefined;
      if (read === undefined) {
        reader.skip(tag);
        continue;
      }
      const outerEnd = reader.end;
      reader.end = reader.contentEnd();
      read();
      reader.position = reader.end;
      reader.end = outerEnd;
    }
  }
}
