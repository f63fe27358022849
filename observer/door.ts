// The one door of a server: every call of every service passes here before anything else sees it. By default all may
// enter; TLS with client certificates is set where the server is made.

import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerMethodDefinition,
  status,
} from '@grpc/grpc-js';
import { GrpcError } from './grpc-error.ts';

/** What is known of a call before its request is read. */
export interface Visitor {
  /** Path of the method, such as "/observer.Observer/GetFlows". */
  readonly method: string;
  readonly metadata: Metadata;
  /** "address:port" of the other side. */
  readonly peer: string;
  /** Common name in the client's certificate; undefined without mutual TLS. */
  readonly certificateSubject: string | undefined;
}

/** Returns to admit; throws a GrpcError (PERMISSION_DENIED, UNAUTHENTICATED) to refuse. */
export type Authorise = (visitor: Visitor) => void | Promise<void>;

export const admitAll: Authorise = () => {};

/** Calls refused so far, and the interceptor that refuses. */
export interface Door {
  readonly refused: number;
  readonly interceptor: ServerInterceptor;
}

export function makeDoor(authorise: Authorise): Door {
  let refused = 0;
  return {
    get refused() {
      return refused;
    },
    interceptor: (method: ServerMethodDefinition<unknown, unknown>, call: ServerInterceptingCallInterface) => {
      const admit = async (metadata: Metadata, enter: () => void) => {
        try {
          await authorise({
            method: method.path,
            metadata,
            peer: call.getPeer(),
            certificateSubject: commonName(call.getAuthContext().sslPeerCertificate?.subject?.CN),
          });
        } catch (error) {
          refused++;
          const { code, message } =
            error instanceof GrpcError
              ? error
              : new GrpcError(status.INTERNAL, 'the authoriser failed', { cause: error });
          call.sendStatus({ code, details: message });
          return;
        }
        enter();
      };
      return new ServerInterceptingCall(call, {
        start: (next) => next({ onReceiveMetadata: (metadata, enter) => void admit(metadata, () => enter(metadata)) }),
      });
    },
  };
}

/** A certificate may carry several; then the first one counts. */
function commonName(name: string | string[] | undefined): string | undefined {
  return Array.isArray(name) ? name[0] : name;
}
