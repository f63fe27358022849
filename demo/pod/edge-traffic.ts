// One edge as its source pod lives it: finds the address, keeps the client, asks in the edge's rhythm, counts.
import type { Edge } from '../topology.ts';
import type { Asking } from './asking.ts';
import { type Chance, exponentialGapMs, pick } from './chance.ts';
import { connectEdge } from './clients.ts';
import type { PodCounts } from './counts.ts';
import type { BurstOutcome, PodConfiguration } from './messages.ts';
import { resolveTarget } from './resolve.ts';

/** Asked at once on one edge, at most. A tick that finds this many waiting is left out, as by a full client pool. */
const maxInFlight = 16;
const volleyEveryMs = 8000;
const burstWorkers = 8;

export class EdgeTraffic {
  readonly #edge: Edge;
  readonly #configuration: PodConfiguration;
  readonly #counts: PodCounts;
  readonly #chance: Chance;
  #client: Promise<Asking> | null = null;
  #inFlight = 0;

  constructor(edge: Edge, configuration: PodConfiguration, counts: PodCounts, chance: Chance) {
    this.#edge = edge;
    this.#configuration = configuration;
    this.#counts = counts;
    this.#chance = chance;
  }

  /** Asks `perSecond` times a second on average until the process ends. */
  start(perSecond: number): void {
    if (this.#edge.shape === 'bursty') {
      const volley = Math.max(1, Math.round((perSecond * volleyEveryMs) / 1000));
      const fire = () => {
        for (let n = 0; n < volley; n++) this.#askSome();
      };
      fire();
      setInterval(fire, volleyEveryMs);
      return;
    }
    const next = () => {
      this.#askSome();
      setTimeout(next, exponentialGapMs(perSecond, this.#chance));
    };
    next();
  }

  /** Exactly `requests` of the edge's first call, eight at a time. Resolves when each was answered or given up. */
  async burst(requests: number): Promise<BurstOutcome> {
    const what = this.#edge.calls[0]?.ask ?? 'GET /';
    const statuses: Record<string, number> = {};
    let sent = 0;
    let answered = 0;
    const worker = async () => {
      while (sent < requests) {
        sent++;
        const status = await this.#ask(what);
        if (status === null) continue;
        answered++;
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: Math.min(burstWorkers, requests) }, worker));
    return { sent, answered, unanswered: sent - answered, statuses };
  }

  #askSome(): void {
    if (this.#inFlight < maxInFlight) void this.#ask(pick(this.#edge.calls, this.#chance).ask);
  }

  /** The answer's status, or null when there was none. Never rejects. */
  async #ask(what: string): Promise<string | null> {
    const { from, to, protocol, port } = this.#edge;
    const counts = this.#counts.edge(from, to, protocol, port);
    this.#inFlight++;
    counts.sent();
    try {
      const client = await this.#connected();
      const status = await client.ask(what);
      counts.answered(status);
      return status;
    } catch {
      counts.unanswered();
      return null;
    } finally {
      this.#inFlight--;
    }
  }

  /** One client for the life of the pod: its library reconnects. Only a first connection that fails is tried anew. */
  #connected(): Promise<Asking> {
    const { from, to, protocol, port } = this.#edge;
    this.#client ??= resolveTarget(this.#edge, this.#configuration, this.#counts)
      .then((host) => connectEdge(this.#edge, host, this.#configuration, this.#counts.edge(from, to, protocol, port)))
      .catch((error: unknown) => {
        this.#client = null;
        throw error;
      });
    return this.#client;
  }
}
