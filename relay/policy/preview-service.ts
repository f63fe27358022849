// parallax.v1.PolicyPreviews: policies in a request, tried on the flows that the relay keeps.

import type { ServerWritableStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { FilterError } from '#flow/filter/filter-error.ts';
import { prepareFilters } from '#flow/filter/prepare.ts';
import type { FlowRing } from '#observer/flow-ring.ts';
import { GrpcError } from '#observer/grpc-error.ts';
import type { GrpcServer } from '#observer/grpc-server.ts';
import type { PreviewClass } from '#policy/preview.ts';
import { emptyWorld } from '#policy/world.ts';
import {
  PolicyChanges,
  PolicyPreviewReply,
  type PolicyPreviewRequest,
  PolicyPreviewResult,
  PolicyPreviewsDefinition,
} from '#proto/gen/parallax/v1/policy.ts';
import { type CompiledPolicies, compilePolicies } from './compile-policies.ts';
import { parseObjects } from './object-text.ts';
import type { PoliciesInForce } from './policies-in-force.ts';
import { policiesAmong } from './policy-files.ts';
import type { PolicyObject } from './policy-source.ts';
import { runPreview } from './preview-run.ts';

const maxTextBytes = 1024 * 1024;
/** Each may take a core for its time. */
const maxRuns = 2;
const limitMs = 20_000;
const maxEdges = 1000;
const defaultWindowSeconds = 300;
const maxWindowSeconds = 900;

export interface PreviewSource {
  readonly ring: FlowRing;
  readonly nowMs: () => number;
  /** Absent where the relay was given no policies: then ends are known by what flows tell. */
  readonly inForce?: PoliciesInForce;
}

type PreviewCall = ServerWritableStream<PolicyPreviewRequest, PolicyPreviewReply>;

export function registerPreviews(server: GrpcServer, source: PreviewSource): void {
  const running = new Set<AbortController>();
  server.onStop(() => {
    for (const one of running) one.abort(new GrpcError(status.UNAVAILABLE, 'this relay is stopping'));
  });
  const preview = async (call: PreviewCall): Promise<void> => {
    if (running.size >= maxRuns)
      throw new GrpcError(
        status.RESOURCE_EXHAUSTED,
        `${maxRuns} previews are running, the most at once; try again soon.`,
      );
    const stop = new AbortController();
    call.on('cancelled', () => stop.abort(new GrpcError(status.CANCELLED, 'the caller left')));
    running.add(stop);
    try {
      const { windowSeconds, whitelist, blacklist } = call.request;
      const filter = await prepareFilters(whitelist, blacklist);
      const { set, warnings } = await read(call.request, source.inForce);
      const seconds = Math.min(maxWindowSeconds, windowSeconds === 0 ? defaultWindowSeconds : windowSeconds);
      const result = await runPreview({
        ...{ ring: source.ring, set, filter, limitMs, signal: stop.signal },
        fromUnixMs: source.nowMs() - seconds * 1000,
        onProgress: (read, toRead) => {
          const value = { flowsRead: BigInt(read), flowsToRead: BigInt(toRead) };
          call.write(PolicyPreviewReply.fromPartial({ reply: { $case: 'progress', value } }));
        },
      });
      const value = PolicyPreviewResult.fromPartial({
        flows: changes(result.flows),
        leftOut: BigInt(result.leftOut),
        edges: result.edges.slice(0, maxEdges).map(({ exampleUnixMs, flows, ...edge }) => ({
          ...{ ...edge, why: [...edge.why], flows: changes(flows) },
          exampleUnixMs: exampleUnixMs.map((ms) => BigInt(Math.round(ms))),
        })),
        omittedEdges: BigInt(Math.max(0, result.edges.length - maxEdges)),
        warnings: [...warnings],
        dialect: set.dialect,
        isPartial: result.isPartial,
      });
      call.write(PolicyPreviewReply.fromPartial({ reply: { $case: 'result', value } }));
      call.end();
    } finally {
      running.delete(stop);
    }
  };
  server.addService(
    PolicyPreviewsDefinition,
    {
      preview: (call: PreviewCall) => {
        preview(call).catch((error: unknown) => {
          const { code, message } =
            error instanceof FilterError
              ? new GrpcError(status.INVALID_ARGUMENT, error.message)
              : GrpcError.from(error, 'Preview');
          call.emit('error', { code, details: message });
        });
      },
    },
    [],
  );
}

/** @throws GrpcError INVALID_ARGUMENT naming document, policy, field and rule */
async function read(request: PolicyPreviewRequest, inForce: PoliciesInForce | undefined): Promise<CompiledPolicies> {
  const bytes = request.policies.reduce((sum, { text }) => sum + text.length, 0);
  const refuse = (text: string, cause?: unknown) => new GrpcError(status.INVALID_ARGUMENT, text, { cause });
  if (bytes > maxTextBytes) throw refuse(`The policies have ${bytes} characters; the limit is ${maxTextBytes}.`);
  try {
    const asked: PolicyObject[] = [];
    for (const { name, text } of request.policies) asked.push(...policiesAmong(await parseObjects(text, name)));
    const replaced = new Set(asked.map(nameOf));
    const kept = request.joinsThoseInForce
      ? (inForce?.policies ?? []).filter((policy) => !replaced.has(nameOf(policy)))
      : [];
    return await compilePolicies([...kept, ...asked], inForce?.world ?? emptyWorld);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}

function nameOf({ object }: PolicyObject): string {
  const { kind, metadata } = object as { kind?: unknown; metadata?: { namespace?: unknown; name?: unknown } };
  return `${kind} ${metadata?.namespace ?? 'default'}/${metadata?.name}`;
}

function changes(flows: Readonly<Record<PreviewClass, number>>): PolicyChanges {
  return PolicyChanges.fromPartial({
    newlyDenied: BigInt(flows['newly denied']),
    newlyAllowed: BigInt(flows['newly allowed']),
    uncertain: BigInt(flows.uncertain),
    unchanged: BigInt(flows.unchanged),
  });
}
