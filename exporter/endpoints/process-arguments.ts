// The command line of a process, for those who asked for it (`--process-arguments`), without what may be secret in it. How
// programs take secrets has no common form, so rather too much is taken out than too little.

import { closeSync, openSync, readSync } from 'node:fs';

export const HIDDEN = 'REDACTED';
/** Behind the last argument that is told, where there were more, and behind one that was longer. */
export const CUT = '…';

const MAX_BYTES = 16 * 1024;
const MAX_ARGUMENTS = 32;
const MAX_CHARS = 256;

/** What is in the names of secrets; as part of other words too. */
const SECRET_WORDS =
  'pass pwd secret token key auth cred cookie session private signature salt bearer license dsn'.split(' ');
/** Options of one letter with a secret behind them in some program: mysql -p, redis-cli -a, curl -u and -b, ldapsearch -w. */
const SECRET_LETTERS = /^-[pPauUwWkKb]/;
/** Words that begin like them and have nothing secret behind them. */
const PLAIN_WORDS = new Set(
  '-port -path -pid -prefix -profile -print -addr -address -all -append -url -update -watch -web -workers'.split(' '),
);
/** Words that begin like them and have the secret in the next word. */
const NAMES_OF_SECRETS = new Set(
  '-password -passwd -pass -passphrase -private-key -auth -auth-token -access-token -api-key -apikey -key -bearer'.split(
    ' ',
  ),
);
/** Options with a program, a statement or a form behind them, which may hold anything. */
const TEXT_OPTIONS = /^(?:-[cedF]|--(?:eval|exec|execute|command|data\S{0,16}|form))$/;
const PAIR = /([\w.-]{1,64})(["']?\s{0,8}[=:]\s{0,8})("[^"]*"?|'[^']*'?|[^\s&;]+)/g;
const URL_WORD = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"']+/gi;
/** Long, of letters and digits: keys and hashes. */
const KEY_LIKE = /[A-Za-z0-9+_]{20,}={0,2}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** What a terminal or a page would act on. */
const UNSHOWN = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Undefined if there is no such process any more, or its command line may not be read. Empty for threads of the kernel. */
export function readArguments(commandLinePath: string): string[] | undefined {
  const bytes = Buffer.alloc(MAX_BYTES);
  let length = 0;
  try {
    const file = openSync(commandLinePath, 'r');
    try {
      length = readSync(file, bytes, 0, MAX_BYTES, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
  const words = bytes.toString('utf8', 0, length).split('\0');
  // Behind the last zero there is nothing, or the beginning of an argument that was cut: half a secret cannot be told from others.
  words.pop();
  if (length === MAX_BYTES) words.push(CUT);
  return words;
}

/** What may be told of a command line, without the program itself: at most 32 arguments of 256 characters. */
export function redactArguments(words: readonly string[]): string[] {
  const told = redactWords(words.slice(1, 1 + 2 * MAX_ARGUMENTS)).map(bounded);
  return told.length > MAX_ARGUMENTS ? [...told.slice(0, MAX_ARGUMENTS), CUT] : told;
}

function bounded(word: string): string {
  const shown = word.replace(UNSHOWN, '\ufffd');
  return shown.length > MAX_CHARS ? `${shown.slice(0, MAX_CHARS)}${CUT}` : shown;
}

function redactWords(words: readonly string[]): string[] {
  let hidesNext: 'no' | 'text' | 'all' = 'no';
  return words.map((word) => {
    const hides = hidesNext;
    hidesNext = behind(word);
    if (hides === 'all' || (hides === 'text' && /[\s=:{&]/.test(word))) return HIDDEN;
    return redactWord(word);
  });
}

/** How much of the next word a word makes secret. */
function behind(word: string): 'no' | 'text' | 'all' {
  if (!word.startsWith('-') || word.includes('=')) return 'no';
  if (isSecretName(word) || (word.length === 2 && SECRET_LETTERS.test(word))) return 'all';
  return TEXT_OPTIONS.test(word) ? 'text' : 'no';
}

function redactWord(word: string): string {
  if (/\s/.test(word)) return redactText(word);
  const equals = word.indexOf('=');
  if (equals > 0 && isSecretName(word.slice(0, equals))) return `${word.slice(0, equals)}=${HIDDEN}`;
  if (equals < 0 && word.length > 2 && SECRET_LETTERS.test(word) && !PLAIN_WORDS.has(word)) {
    return NAMES_OF_SECRETS.has(word) ? word : `${word.slice(0, 2)}${HIDDEN}`;
  }
  return redactPairs(word);
}

/** A text of several words: a header, a command line within another. */
function redactText(text: string): string {
  return redactWords(redactPairs(text).split(/\s+/)).join(' ');
}

function redactPairs(text: string): string {
  let end = text.length;
  const pairs = text.replace(PAIR, (pair: string, name: string, between: string, _value: string, at: number) => {
    if (at >= end || !isSecretName(name)) return pair;
    // Behind a colon a value may have several words: a header's.
    if (between.includes(':')) end = at;
    return `${name}${between}${HIDDEN}`;
  });
  const whole = end === text.length ? pairs : `${pairs.slice(0, pairs.indexOf(HIDDEN, end))}${HIDDEN}`;
  return redactUserInfo(whole.replace(URL_WORD, redactUrlWord)).replace(KEY_LIKE, (word) =>
    /\d/.test(word) && /[a-z]/i.test(word) && !word.includes(HIDDEN) ? HIDDEN : word,
  );
}

/** Up to the last @, since a password may hold one, or a slash; and all values of the query. */
function redactUrlWord(url: string): string {
  const begin = url.indexOf('://') + 3;
  const at = url.lastIndexOf('@');
  const rest = at < begin ? url.slice(begin) : `${HIDDEN}@${url.slice(at + 1)}`;
  return url.slice(0, begin) + rest.replace(/#.*$/, '').replace(/([?&][^=&]*=)[^&]*/g, `$1${HIDDEN}`);
}

/** user:password@host without a scheme. */
function redactUserInfo(text: string): string {
  const at = text.lastIndexOf('@');
  const colon = text.indexOf(':');
  if (at < 0 || colon < 0 || colon > at) return text;
  const begin = Math.max(0, ...[' ', '=', '"', "'"].map((before) => text.lastIndexOf(before, colon) + 1));
  return text.startsWith('//', colon + 1) ? text : `${text.slice(0, begin)}${HIDDEN}${text.slice(at)}`;
}

function isSecretName(name: string): boolean {
  const lower = name.toLowerCase();
  return SECRET_WORDS.some((word) => lower.includes(word));
}
