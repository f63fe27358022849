// What demoUp and the supervisor say to each other while the demo starts.
import type { DemoState } from './state.ts';

export interface SupervisorOptions {
  readonly directory: string;
  readonly nodeName: string;
  readonly traffic: 'on' | 'off';
  /** Factor on all rates; 1 is about 100 requests a second. */
  readonly rate: number;
}

export type SupervisorMessage =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'failed'; readonly reason: string }
  | {
      readonly type: 'up';
      /** Milliseconds since the supervisor began. `firstTrafficMs` is null while nothing was answered (traffic off). */
      readonly networkMs: number;
      readonly firstTrafficMs: number | null;
      readonly readyMs: number;
      readonly state: DemoState;
    };
