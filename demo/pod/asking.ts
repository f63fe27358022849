// What every client of a pod is, whatever it speaks.

/** What is not answered by then counts as unanswered. Longer than the slowest answer (1.5 s) and a lost SYN's retry. */
export const answerTimeoutMs = 3000;

/** `ask` resolves with the answer's status, also of a refusal, and rejects when nothing came back. */
export interface Asking {
  ask(what: string): Promise<string>;
  close(): void;
}
