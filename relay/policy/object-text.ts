// Kubernetes objects in the text of a file: YAML with several documents, or JSON; a v1 List counts as its items. Text from
// outside is bounded in size, aliases, depth and number, and read document by document so that nothing else waits for long.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { CORE_SCHEMA, load } from 'js-yaml';
import { parseDocument } from 'yaml';

/** One document: read in one go, at about 1 MB a second for YAML. 10,000 policies, 4 MB, take 5 s in slices. */
const maxDocumentBytes = 4 * 1024 * 1024;
/** How often aliases may be expanded, counted with what they hold: the bound on YAML bombs. */
const maxAliases = 100;
/** A policy nests some ten levels. */
const maxDepth = 64;
const maxObjects = 200_000;
const sliceMs = 10;

export interface PlacedObject {
  readonly object: unknown;
  /** "web.yaml, document 2" or "list.json, document 1, items[3]". */
  readonly origin: string;
}

/** How long the work goes on before others get their turn. */
export interface Pace {
  readonly nowMs: () => number;
  readonly nextTurn: () => Promise<unknown>;
}

const defaultPace: Pace = { nowMs: () => performance.now(), nextTurn: () => nextTurn() };

/** @throws Error naming file, document and what is wrong */
export async function parseObjects(text: string, fileName: string, pace = defaultPace): Promise<PlacedObject[]> {
  const documents = /\.json$/.test(fileName) ? [text] : documentsOf(text);
  const found: PlacedObject[] = [];
  let sliceEnd = pace.nowMs() + sliceMs;
  let number = 0;
  for (const document of documents) {
    number += 1;
    const origin = `${fileName}, document ${number}`;
    if (document.length > maxDocumentBytes)
      throw new Error(
        `${origin}: has ${document.length} characters; the limit is ${maxDocumentBytes}. Split it into documents.`,
      );
    const value = /\.json$/.test(fileName) ? parseJson(document, origin) : parseYaml(document, origin);
    refuseDepth(value, origin);
    flatten(value, origin, found);
    if (found.length > maxObjects)
      throw new Error(`${origin}: more than ${maxObjects} objects, the most that are read.`);
    if (pace.nowMs() < sliceEnd) continue;
    await pace.nextTurn();
    sliceEnd = pace.nowMs() + sliceMs;
  }
  return found;
}

/**
 * One after the other, as they are asked for. They begin at lines that begin with "---": YAML 1.2 (9.1.2) allows those nowhere
 * else, not even inside a block of text.
 */
function* documentsOf(text: string): Generator<string> {
  let start = 0;
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    const document = text.slice(start, index);
    // What precedes the first marker is a document only if it says something.
    if (start > 0 || !saysNothing(document)) yield document;
    start = index + '---'.length;
  }
  yield text.slice(start);
}

/** Empty lines and comments alone. Line by line: one expression for all of them goes back over each line for each other. */
function saysNothing(text: string): boolean {
  return text.length <= maxDocumentBytes && text.split('\n').every((line) => /^\s*(?:#|$)/.test(line));
}

/** Anchors, aliases, tags, merge keys, directives: read by the parser that bounds them. */
const hasMoreThanPlainYaml = /[&*!%]|<</;

function parseYaml(text: string, origin: string): unknown {
  const quick = parsePlain(text);
  if (quick !== undefined) return quick;
  try {
    // Places of errors cost a third of the time, so they are looked for only when there is one.
    const quick = parseDocument(text, { logLevel: 'silent', prettyErrors: false });
    if (quick.errors.length === 0) return quick.toJS({ maxAliasCount: maxAliases });
    throw parseDocument(text, { logLevel: 'silent' }).errors[0] ?? quick.errors[0];
  } catch (cause) {
    // The parser recurses, and reports the end of its stack as an error of the text.
    const what = /call stack/.test(firstLine(cause)) ? 'it nests too deeply' : firstLine(cause);
    throw new Error(`${origin}: is not YAML that can be read: ${what}`, { cause });
  }
}

/** Ten times as fast. Undefined where the other parser is to be asked: it bounds what this one does not, and words errors better. */
function parsePlain(text: string): unknown {
  if (hasMoreThanPlainYaml.test(text)) return undefined;
  try {
    return /^\s*\{/.test(text) ? JSON.parse(text) : load(text, { schema: CORE_SCHEMA });
  } catch {
    return undefined;
  }
}

function parseJson(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${origin}: is not JSON: ${firstLine(cause)}`, { cause });
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function refuseDepth(value: unknown, origin: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw new Error(`${origin}: nests deeper than ${maxDepth} levels.`);
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
}

function flatten(value: unknown, origin: string, found: PlacedObject[]): void {
  if (value === null || value === undefined) return;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Error(`${origin}: holds ${Array.isArray(value) ? 'a list' : 'plain text'}, not a Kubernetes object.`);
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    for (const [index, item] of items.entries()) flatten(item, `${origin}, items[${index}]`, found);
    return;
  }
  if (typeof kind !== 'string' || kind === '') throw new Error(`${origin}: kind is missing.`);
  found.push({ object: value, origin });
}
