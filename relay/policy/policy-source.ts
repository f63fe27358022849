// Where policies come from: files now; anything else that can list them and tell of changes fits the same interface.

export interface PolicyObject {
  /** As the Kubernetes API would have it. */
  readonly object: unknown;
  /** Where it stands, for messages: "policies/web.yaml, document 2". */
  readonly origin: string;
}

export interface PolicyListener {
  /** The whole set, each time it changes. */
  set(objects: readonly PolicyObject[]): void;
  /** Why the present content cannot be used; the set told last stays. Undefined once it can be used again. */
  trouble(text: string | undefined): void;
}

export interface PolicySource {
  /** In words, for the ready line: "files in ./policies". */
  readonly text: string;
  /** Resolves when the listener has been told for the first time. */
  start(listener: PolicyListener): Promise<void>;
  stop(): void;
}
