// Where policies come from: files now; anything else that can list them and tell of changes fits the same interface.

import type { World } from '#policy/world.ts';
import type { Notice } from '#proto/gen/parallax/v1/dashboard.ts';

export interface PolicyObject {
  /** As the Kubernetes API would have it. */
  readonly object: unknown;
  /** Where it stands, for messages: "policies/web.yaml, document 2". */
  readonly origin: string;
}

export interface PolicyListener {
  /** The whole set, each time it changes. Resolves when it is in force or refused. */
  set(objects: readonly PolicyObject[]): Promise<void>;
  /** What pods, namespaces and services there are now, from a source that knows. */
  world?(world: World): Promise<void>;
  /** Why the present content cannot be used; the set told last stays. Undefined once it can be used again. */
  trouble(text: string | undefined): void;
}

export interface PolicySource {
  /** In words, for the ready line: "files in ./policies". */
  readonly text: string;
  /** One policy that cannot be read is left out and told; default: it keeps the whole set from coming into force. */
  readonly leavesOutFaulty?: boolean;
  /** Resolves when the listener has been told for the first time. */
  start(listener: PolicyListener): Promise<void>;
  stop(): void;
  /** What the source itself has to say: progress, what it may not read. */
  notices?(): readonly Notice[];
}
