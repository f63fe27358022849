// Calls of a gRPC server in numbers, under the names that Go's gRPC servers (and so Hubble's) have: started, handled with
// which code, messages each way, seconds. An interceptor, before the door, so that refused calls count too. Messages that
// go round grpc-js are told by whoever sends them.

import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerMethodDefinition,
  status,
} from '@grpc/grpc-js';
import { Counter, Histogram, type Registry } from 'prom-client';

const methodLabels = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
type MethodLabels = Record<(typeof methodLabels)[number], string>;

export class GrpcMetrics {
  readonly #started = new Counter({
    name: 'grpc_server_started_total',
    help: 'Calls started on the server',
    labelNames: methodLabels,
    registers: [],
  });
  readonly #handled = new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls completed on the server, with any code',
    labelNames: [...methodLabels, 'grpc_code'],
    registers: [],
  });
  readonly #received = new Counter({
    name: 'grpc_server_msg_received_total',
    help: 'Request messages received on the server',
    labelNames: methodLabels,
    registers: [],
  });
  readonly #sent = new Counter({
    name: 'grpc_server_msg_sent_total',
    help: 'Response messages sent by the server',
    labelNames: methodLabels,
    registers: [],
  });
  readonly #seconds = new Histogram({
    name: 'grpc_server_handling_seconds',
    help: 'Seconds from the start of a call to its end',
    labelNames: methodLabels,
    registers: [],
  });
  readonly #labelsByPath = new Map<string, MethodLabels>();

  register(registry: Registry): void {
    for (const metric of [this.#started, this.#handled, this.#received, this.#sent, this.#seconds]) {
      registry.registerMetric(metric);
    }
  }

  /** Messages of a server stream that went round grpc-js. @param path such as "/observer.Observer/GetFlows" */
  noteSent(path: string, messages: number): void {
    this.#sent.inc(this.#labelsOf(path, 'server_stream'), messages);
  }

  readonly interceptor: ServerInterceptor = (
    method: ServerMethodDefinition<unknown, unknown>,
    call: ServerInterceptingCallInterface,
  ) => {
    const labels = this.#labelsOf(method.path, typeOf(method));
    const startedMs = performance.now();
    let isOver = false;
    const finish = (code: status) => {
      if (isOver) return;
      isOver = true;
      this.#handled.inc({ ...labels, grpc_code: codeName(code) });
      this.#seconds.observe(labels, (performance.now() - startedMs) / 1000);
    };
    this.#started.inc(labels);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMessage: (message, take) => {
            this.#received.inc(labels);
            take(message);
          },
          onCancel: () =>
            finish(Number(call.getDeadline()) <= Date.now() ? status.DEADLINE_EXCEEDED : status.CANCELLED),
        }),
      sendMessage: (message, send) => {
        this.#sent.inc(labels);
        send(message);
      },
      sendStatus: (ended, send) => {
        finish(ended.code ?? status.UNKNOWN);
        send(ended);
      },
    });
  };

  #labelsOf(path: string, type: string): MethodLabels {
    let labels = this.#labelsByPath.get(path);
    if (labels === undefined) {
      const [, service = '', name = ''] = path.split('/');
      labels = { grpc_type: type, grpc_service: service, grpc_method: name };
      this.#labelsByPath.set(path, labels);
    }
    return labels;
  }
}

function typeOf({ requestStream, responseStream }: ServerMethodDefinition<unknown, unknown>): string {
  if (requestStream) return responseStream ? 'bidi_stream' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}

/** "DEADLINE_EXCEEDED" as Go prints it: "DeadlineExceeded", and OK as it is. */
function codeName(code: status): string {
  const name = status[code] ?? `Code(${code})`;
  if (name === 'OK') return name;
  if (name === 'CANCELLED') return 'Canceled';
  return name.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
