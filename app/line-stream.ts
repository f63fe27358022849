// Messages as lines of JSON, pulled only as fast as the reader takes them.

import { jsonLine } from './api-answer.ts';
import { RelayError } from './relay-connection.ts';

/** A failure after the first line is a last line, {"error": "..."}: the status has been sent by then. */
export function lineStream<Message>(
  first: IteratorResult<Message, unknown>,
  rest: AsyncGenerator<Message>,
  toJson: (message: Message) => unknown,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let next: IteratorResult<Message, unknown> | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = next ?? (await rest.next());
        next = undefined;
        if (done === true) controller.close();
        else controller.enqueue(jsonLine(toJson(value as Message)));
      } catch (error) {
        if (!(error instanceof RelayError)) throw error;
        controller.enqueue(jsonLine({ error: error.fault.text }));
        controller.close();
      }
    },
    async cancel() {
      await rest.return(undefined);
    },
  });
}
