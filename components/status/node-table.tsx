import { MarkShape } from '../flows/verdict-mark.tsx';
import { wholeNumber } from '../format/figures.ts';
import { spanText } from '../format/times.ts';
import type { NodeModel } from '../store/status-model.ts';

const states: Record<NodeModel['state'], { readonly mark: 'ok' | 'warn' | 'bad' | 'none'; readonly word: string }> = {
  connected: { mark: 'ok', word: 'Connected' },
  unavailable: { mark: 'bad', word: 'Does not answer' },
  gone: { mark: 'none', word: 'Gone' },
  error: { mark: 'bad', word: 'Error' },
  unknown: { mark: 'none', word: 'Unknown' },
};

/** Those in trouble first: in a long list they would be out of sight. */
export function NodeTable({ nodes }: { readonly nodes: readonly NodeModel[] }) {
  const ordered = nodes.toSorted((a, b) => Number(a.state === 'connected') - Number(b.state === 'connected'));
  return (
    <section className="mt-7">
      <h2 className="mb-2 font-semibold text-sm">Nodes</h2>
      <table className="w-full text-cell">
        <thead className="text-left text-2xs text-fg-3">
          <tr className="[&>th]:pb-1.5 [&>th]:font-normal">
            <th>Node</th>
            <th>State</th>
            <th>Address</th>
            <th>Version</th>
            <th className="text-right">Up</th>
            <th className="text-right">Flows seen</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {ordered.map((node) => (
            <tr key={node.name} className="[&>td]:h-8">
              <td className="font-medium">{node.name}</td>
              <td>
                <span className="flex items-center gap-2">
                  <MarkShape mark={states[node.state].mark} />
                  {states[node.state].word}
                </span>
              </td>
              <td className="font-mono text-fg-2 text-mono">{node.address}</td>
              <td className="text-fg-2">{node.version}</td>
              <td className="text-right text-fg-2">{node.uptimeMs > 0 && spanText(node.uptimeMs)}</td>
              <td className="text-right">{wholeNumber(node.flowsSeen)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
