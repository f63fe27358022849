// Whether objects are what Kubernetes' own schemas describe: required fields, types and formats by validators, unknown fields
// by TypeScript, which refuses what an interface does not have. Both are made from Kubernetes' OpenAPI and from the CRDs of
// cert-manager and the Prometheus operator.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { RenderedObject } from './rendered.ts';

interface Model {
  validate(): void;
}

/** @returns what is wrong, one sentence for each fault */
export async function schemaFaults(objects: readonly RenderedObject[]): Promise<string[]> {
  const faults: string[] = [];
  for (const object of objects) {
    const Kind = (await import(modulePath(object)))[object.kind] as (new (data: object) => Model) | undefined;
    if (Kind === undefined) faults.push(`${object.kind}: ${object.apiVersion} has no such kind`);
    else {
      try {
        new Kind(object).validate();
      } catch (error) {
        faults.push(
          `${object.kind} ${object.metadata.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
  return [...faults, ...unknownFields(objects)];
}

function modulePath({ apiVersion, kind }: RenderedObject): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const folder = `${apiVersion}/${kind}`;
  if (group.endsWith('cert-manager.io')) return `@kubernetes-models/cert-manager/${folder}`;
  if (group === 'monitoring.coreos.com') return `@kubernetes-models/prometheus-operator/${folder}`;
  return `kubernetes-models/${folder}`;
}

/** Each object as a literal of its interface: the compiler names properties that are not there. One program for all. */
function unknownFields(objects: readonly RenderedObject[]): string[] {
  const folder = join(import.meta.dirname, '..', '..', '.cache', `rendered-${process.pid}`);
  const path = join(folder, 'objects.ts');
  const kinds = [...new Map(objects.map((object) => [`I${object.kind}`, modulePath(object)]))];
  mkdirSync(folder, { recursive: true });
  const imports = kinds.map(([name, from]) => `import type { ${name} } from '${from}';`);
  const literals = objects.map((object, i) => `export const object${i}: I${object.kind} = ${JSON.stringify(object)};`);
  writeFileSync(path, [...imports, ...literals].join('\n'));
  try {
    const program = ts.createProgram([path], {
      ...{ noEmit: true, strict: true, skipLibCheck: true, types: [] },
      ...{ target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    });
    return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
      const at = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line - kinds.length;
      const object = objects[at];
      const text = ts.flattenDiagnosticMessageText(messageText, ' ');
      return `${object?.kind} ${object?.metadata.name}: ${text}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
