// flow.Flow as protobuf-es knows it, which is what the CEL runtime reads: fields, presence, enums, defaults. FlowDetails is
// known as well, so that expressions can look into `_flow.extensions`.

import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { flowDescriptorSet } from './flow-descriptor.ts';

export const flowRegistry: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, base64Decode(flowDescriptorSet)),
);

export const flowSchema: DescMessage = requireMessage('flow.Flow');

function requireMessage(typeName: string): DescMessage {
  const message = flowRegistry.getMessage(typeName);
  if (message === undefined) throw new Error(`flow-descriptor.ts has no message ${typeName}`);
  return message;
}
