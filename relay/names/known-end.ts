// What is put into a flow for one end, as bytes: of each field that its source left empty, serialised once for each
// endpoint and each set of missing fields.

import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { EndpointInfo } from '#kubernetes/endpoint-info.ts';
import { Service, Workload } from '#proto/gen/flow/flow.ts';
import { Location } from '#proto/gen/parallax/v1/flow_details.ts';
import { HAS_CLUSTER_NAME, HAS_IDENTITY, HAS_LABELS, HAS_NAMESPACE, HAS_POD_NAME, HAS_WORKLOADS } from './flow-ends.ts';

const lengthDelimited = 2;
const tagOf = (field: number) => ((field << 3) | lengthDelimited) >>> 0;
export const nothing = new Uint8Array(0);

const fieldsOf = new WeakMap<EndpointInfo, Map<number, Uint8Array>>();

/** Fields of flow.Endpoint that `has` lacks and `endpoint` has, serialised; empty where there are none. */
export function missingFields(endpoint: EndpointInfo, has: number): Uint8Array {
  let byMask = fieldsOf.get(endpoint);
  if (byMask === undefined) {
    byMask = new Map();
    fieldsOf.set(endpoint, byMask);
  }
  let bytes = byMask.get(has);
  if (bytes === undefined) {
    bytes = serialise(endpoint, has);
    byMask.set(has, bytes);
  }
  return bytes;
}

function serialise(endpoint: EndpointInfo, has: number): Uint8Array {
  const { identity, namespace, labels, podName, workloads, clusterName } = endpoint;
  const writer = new BinaryWriter();
  if (!(has & HAS_IDENTITY) && identity !== 0) writer.uint32(2 << 3).uint32(identity);
  if (!(has & HAS_NAMESPACE) && namespace !== '') writer.uint32(tagOf(3)).string(namespace);
  if (!(has & HAS_LABELS)) for (const label of labels) writer.uint32(tagOf(4)).string(label);
  if (!(has & HAS_POD_NAME) && podName !== '') writer.uint32(tagOf(5)).string(podName);
  if (!(has & HAS_WORKLOADS))
    for (const workload of workloads) writer.uint32(tagOf(6)).bytes(Workload.encode(workload).finish());
  if (!(has & HAS_CLUSTER_NAME) && clusterName !== '') writer.uint32(tagOf(7)).string(clusterName);
  return writer.finish();
}

/** Flow.source_service or destination_service. */
export function serviceField(
  service: { readonly name: string; readonly namespace: string },
  isSource: boolean,
): Uint8Array {
  return new BinaryWriter()
    .uint32(tagOf(isSource ? 20 : 21))
    .bytes(Service.encode({ name: service.name, namespace: service.namespace }).finish())
    .finish();
}

/** FlowDetails.source_location or destination_location. */
export function locationField(node: string, zone: string, isSource: boolean): Uint8Array {
  return new BinaryWriter()
    .uint32(tagOf(isSource ? 16 : 17))
    .bytes(Location.encode({ node, zone }).finish())
    .finish();
}
