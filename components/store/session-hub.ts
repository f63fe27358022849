// All watches of this browser, each with the tabs that look at it. A watch nobody looks at is closed after a grace, and
// a tab that is hidden is not looking: it costs nothing until it is seen again, when it gets what it missed.

import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { FlowDetails } from '#proto/gen/parallax/v1/flow_details.ts';
import type { Commit, Held, Inspected, TabMessage, WatchKey, WorkerMessage } from './messages.ts';
import { flowDetails } from './row-from-flow.ts';
import { SessionState } from './session-state.ts';
import type { WatchLoopOptions } from './watch-loop.ts';

export interface TabPort {
  post(message: WorkerMessage): void;
}

export interface HubOptions {
  /** Starts the stream of a watch; ends when the signal aborts. */
  readonly run: (options: Pick<WatchLoopOptions, 'url' | 'signal' | 'onMessage' | 'onConnection'>) => void;
  readonly now: () => number;
  readonly newId: () => string;
}

/** A tab that is visible says so every 10 s; one that has been silent this long is gone (crashed, or killed). */
const TAB_SILENT_MS = 35_000;
/** Time for a reload or a change of page before a watch is closed. */
const UNWATCHED_MS = 5_000;
/** The timeline is news once a second. */
const TIMELINE_EVERY_MS = 1_000;

/** Figures of the map are news once a second: copying thousands of edges costs the tab's thread. What joins or leaves is at once. */
const FIGURES_EVERY_MS = 1_000;

interface Session {
  readonly id: string;
  readonly key: WatchKey;
  readonly state: SessionState;
  readonly abort: AbortController;
  unwatchedSinceMs: number | undefined;
}

interface Tab {
  readonly port: TabPort;
  session: Session | undefined;
  revision: number;
  mapNumber: number;
  topologyRevision: number;
  mapAtMs: number;
  statusNumber: number;
  timelineAtMs: number;
  heardAtMs: number;
}

export class SessionHub {
  readonly #options: HubOptions;
  readonly #sessions = new Map<WatchKey, Session>();
  readonly #tabs = new Map<TabPort, Tab>();

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** Watches that are open now. */
  get openWatches(): number {
    return this.#sessions.size;
  }

  receive(port: TabPort, message: TabMessage): void {
    const tab = this.#tab(port);
    tab.heardAtMs = this.#options.now();
    switch (message.kind) {
      case 'watch':
        this.#watch(tab, message.key, message.held);
        return;
      case 'rest':
        tab.session = undefined;
        return;
      case 'inspect':
        port.post(inspected(tab.session?.state, message.seq));
        return;
      case 'alive':
        return;
    }
  }

  /** Sends each looking tab what is new. To be called 4-10 times a second. */
  commit(): void {
    const nowMs = this.#options.now();
    for (const [port, tab] of this.#tabs) {
      if (nowMs - tab.heardAtMs > TAB_SILENT_MS) this.#tabs.delete(port);
      else if (tab.session !== undefined) port.post(this.#news(tab, tab.session, nowMs));
    }
    this.#closeUnwatched(nowMs);
  }

  #watch(tab: Tab, key: WatchKey, held: Held | undefined): void {
    const session = this.#sessions.get(key) ?? this.#open(key);
    tab.session = session;
    tab.revision = held?.sessionId === session.id ? held.revision : 0;
    tab.mapNumber = -1;
    tab.mapAtMs = 0;
    tab.statusNumber = -1;
    tab.timelineAtMs = 0;
  }

  #open(key: WatchKey): Session {
    const session: Session = {
      id: this.#options.newId(),
      key,
      state: new SessionState(),
      abort: new AbortController(),
      unwatchedSinceMs: undefined,
    };
    this.#sessions.set(key, session);
    const { state, abort } = session;
    this.#options.run({
      url: `/api/watch?${key}`,
      signal: abort.signal,
      onMessage: (payload) => {
        const isWaiting = state.mapNumber === 0;
        state.apply(payload, this.#options.now());
        // The first map is what everybody waits for.
        if (isWaiting && state.mapNumber > 0) this.commit();
      },
      onConnection: (connection) => {
        if (connection.state === 'live') state.markResumed();
        state.connection = connection;
      },
    });
    return session;
  }

  #news(tab: Tab, session: Session, nowMs: number): Commit {
    const { state } = session;
    const changes = state.rows.changesSince(tab.revision);
    const withMap = isMapNews(tab, state, nowMs);
    const withStatus = tab.statusNumber !== state.statusNumber;
    const withTimeline = nowMs - tab.timelineAtMs >= TIMELINE_EVERY_MS;
    tab.revision = changes.revision;
    if (withMap) {
      tab.mapNumber = state.mapNumber;
      tab.topologyRevision = state.map.topologyRevision;
      tab.mapAtMs = nowMs;
    }
    tab.statusNumber = state.statusNumber;
    if (withTimeline) tab.timelineAtMs = nowMs;
    return {
      kind: 'commit',
      sessionId: session.id,
      ...changes,
      counters: state.counters(nowMs),
      connection: state.connection,
      ...(withMap ? { map: state.map } : {}),
      ...(withStatus && state.status !== undefined ? { status: state.status } : {}),
      ...(withTimeline ? { timeline: state.timeline.seconds() } : {}),
    };
  }

  #closeUnwatched(nowMs: number): void {
    const watched = new Set([...this.#tabs.values()].map((tab) => tab.session));
    for (const [key, session] of this.#sessions) {
      if (watched.has(session)) session.unwatchedSinceMs = undefined;
      else session.unwatchedSinceMs ??= nowMs;
      if (session.unwatchedSinceMs === undefined || nowMs - session.unwatchedSinceMs < UNWATCHED_MS) continue;
      session.abort.abort();
      this.#sessions.delete(key);
    }
  }

  #tab(port: TabPort): Tab {
    const known = this.#tabs.get(port);
    if (known !== undefined) return known;
    const heardAtMs = this.#options.now();
    const none = {
      session: undefined,
      revision: 0,
      mapNumber: -1,
      topologyRevision: -1,
      mapAtMs: 0,
      statusNumber: -1,
      timelineAtMs: 0,
    };
    const tab: Tab = { port, ...none, heardAtMs };
    this.#tabs.set(port, tab);
    return tab;
  }
}

function isMapNews(tab: Tab, state: SessionState, nowMs: number): boolean {
  if (tab.mapNumber === state.mapNumber) return false;
  return tab.topologyRevision !== state.map.topologyRevision || nowMs - tab.mapAtMs >= FIGURES_EVERY_MS;
}

function inspected(state: SessionState | undefined, seq: number): Inspected {
  const bytes = state?.rows.bytesOf(seq);
  const response = bytes === undefined ? undefined : GetFlowsResponse.decode(bytes);
  const flow = response?.responseTypes?.$case === 'flow' ? response.responseTypes.value : undefined;
  const details = flow === undefined ? undefined : flowDetails(flow);
  return { kind: 'inspected', seq, flow, details, json: response === undefined ? '' : flowJson(response, details) };
}

function flowJson(response: GetFlowsResponse, details: FlowDetails | undefined): string {
  const json = GetFlowsResponse.toJSON(response) as { flow?: Record<string, unknown> };
  const extensions = details === undefined ? {} : { extensions: FlowDetails.toJSON(details) };
  return JSON.stringify({ ...json, flow: { ...json.flow, ...extensions } }, plainValue, 2);
}

/** Times carry 64-bit integers as they are, which JSON refuses; it has them as text. */
function plainValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
