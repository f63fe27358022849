import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Endpoint, Flow } from '#proto/gen/flow/flow.ts';
import { GetFlowsResponse } from '#proto/gen/observer/observer.ts';
import { generateResponses } from '../bench/flows/generate.ts';
import { FieldMask, FieldMaskError } from './field-mask.ts';

const responses = generateResponses({ count: 60, endpoints: 40 });

function apply(mask: FieldMask, response: GetFlowsResponse): { decoded: GetFlowsResponse; length: number } {
  const bytes = GetFlowsResponse.encode(response).finish();
  const target = new Uint8Array(bytes.length + 4);
  const end = mask.apply(bytes, 0, bytes.length, target, 2);
  assert.ok(end - 2 <= bytes.length);
  return { decoded: GetFlowsResponse.decode(target.subarray(2, end)), length: end - 2 };
}

/** What each path keeps, written by hand with the generated types. */
const copiers: { [path: string]: (from: Flow, to: Flow) => void } = {
  time: (from, to) => {
    to.time = from.time;
  },
  verdict: (from, to) => {
    to.verdict = from.verdict;
  },
  IP: (from, to) => {
    to.IP = from.IP;
  },
  l4: (from, to) => {
    to.l4 = from.l4;
  },
  l7: (from, to) => {
    to.l7 = from.l7;
  },
  Type: (from, to) => {
    to.Type = from.Type;
  },
  node_name: (from, to) => {
    to.nodeName = from.nodeName;
  },
  is_reply: (from, to) => {
    to.isReply = from.isReply;
  },
  event_type: (from, to) => {
    to.eventType = from.eventType;
  },
  extensions: (from, to) => {
    to.extensions = from.extensions;
  },
  'source.identity': (from, to) => {
    if (from.source) to.source = { ...(to.source ?? Endpoint.create()), identity: from.source.identity };
  },
  'source.labels': (from, to) => {
    if (from.source) to.source = { ...(to.source ?? Endpoint.create()), labels: from.source.labels };
  },
  'source.pod_name': (from, to) => {
    if (from.source) to.source = { ...(to.source ?? Endpoint.create()), podName: from.source.podName };
  },
  destination: (from, to) => {
    to.destination = from.destination;
  },
};

test('a masked flow is the flow with the named fields alone; what stands beside it stays', () => {
  fc.assert(
    fc.property(
      fc.subarray(Object.keys(copiers), { minLength: 1 }),
      fc.constantFrom(...responses),
      (paths, response) => {
        assert.ok(response.responseTypes?.$case === 'flow');
        const kept = Flow.create();
        for (const path of paths) copiers[path]?.(response.responseTypes.value, kept);
        const { decoded } = apply(new FieldMask(paths), response);
        assert.deepEqual(decoded, { ...response, responseTypes: { $case: 'flow', value: kept } });
      },
    ),
  );
});

test('the lengths are written as the generated encoder writes them', () => {
  for (const response of responses) {
    const { decoded, length } = apply(new FieldMask(['source.pod_name', 'l7', 'verdict']), response);
    assert.equal(length, GetFlowsResponse.encode(decoded).finish().length);
  }
});

test('the mask that the hubble command sends by default is accepted', () => {
  const paths =
    'time,verdict,ethernet,IP,l4,source.identity,source.namespace,source.pod_name,destination.identity,destination.namespace,' +
    'destination.pod_name,Type,node_name,l7,event_type,source_service,destination_service,is_reply,Summary,ip_trace_id';
  const { decoded } = apply(new FieldMask(paths.split(',')), responses[0] ?? GetFlowsResponse.create());
  assert.ok(decoded.responseTypes?.$case === 'flow');
  assert.notEqual(decoded.responseTypes.value.source?.podName, '');
  assert.deepEqual(decoded.responseTypes.value.source?.labels, []);
});

test('a whole field named beside a part of it is kept whole, in either order', () => {
  const [response] = responses;
  assert.ok(response?.responseTypes?.$case === 'flow');
  for (const paths of [
    ['source', 'source.identity'],
    ['source.identity', 'source'],
  ]) {
    const { decoded } = apply(new FieldMask(paths), response);
    assert.ok(decoded.responseTypes?.$case === 'flow');
    assert.deepEqual(decoded.responseTypes.value.source, response.responseTypes.value.source);
  }
});

test('a path that is no field, or goes on below a value or a list, is refused by name', () => {
  assert.throws(() => new FieldMask(['source.nope']), /"source.nope": flow.Endpoint has no field "nope"/);
  assert.throws(() => new FieldMask(['verdict.x']), FieldMaskError);
  assert.throws(() => new FieldMask(['source.workloads.name']), FieldMaskError);
  assert.throws(() => new FieldMask(['']), FieldMaskError);
});

test('lost events pass a mask unchanged', () => {
  const lost = GetFlowsResponse.fromPartial({
    responseTypes: { $case: 'lostEvents', value: { numEventsLost: 9n } },
    nodeName: 'n',
  });
  assert.deepEqual(apply(new FieldMask(['verdict']), lost).decoded, lost);
});
