// Routes with most requests first: how many, how many failed and how slow. A row filters by its service and route.

import type { RouteFigures } from '#proto/gen/parallax/v1/access_log.ts';
import { durationText, percent, wholeNumber } from '../format/figures.ts';

export interface RouteTableProps {
  readonly routes: readonly RouteFigures[];
  readonly onChoose: (route: RouteFigures) => void;
}

export function RouteTable({ routes, onChoose }: RouteTableProps) {
  return (
    <div className="min-h-0 overflow-y-auto">
      <table aria-label="Top routes" className="w-full table-fixed text-xs">
        <thead className="sticky top-0 bg-surface text-2xs text-fg-3">
          <tr>
            <Head text="Top routes" className="text-left" />
            <Head text="Requests" className="w-20 text-right" />
            <Head text="Failed" className="w-16 text-right" />
            <Head text="p50" className="w-16 text-right max-sm:hidden" />
            <Head text="p99" className="w-16 text-right" />
          </tr>
        </thead>
        <tbody>
          {routes.map((route) => (
            <tr key={`${route.service} ${route.route}`} className="hover:bg-hover">
              <td className="truncate py-1 pr-3">
                <button
                  type="button"
                  onClick={() => onChoose(route)}
                  className="max-w-full truncate text-left hover:underline"
                >
                  <bdi>{route.service || 'no service'}</bdi>{' '}
                  <bdi className="font-mono text-fg-2 text-mono">{route.route}</bdi>
                </button>
              </td>
              <td className="text-right text-fg-2 tabular-nums">{wholeNumber(Number(route.requests))}</td>
              <td className="text-right tabular-nums">
                <Failed route={route} />
              </td>
              <td className="text-right text-fg-2 tabular-nums max-sm:hidden">{durationText(Number(route.p50Us))}</td>
              <td className="text-right text-fg-2 tabular-nums">{durationText(Number(route.p99Us))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head({ text, className }: { readonly text: string; readonly className: string }) {
  return (
    <th scope="col" className={`pb-1 font-normal ${className}`}>
      {text}
    </th>
  );
}

function Failed({ route }: { readonly route: RouteFigures }) {
  const failed = Number(route.clientErrors + route.serverErrors);
  if (failed === 0) return <span className="text-fg-3">0</span>;
  const tone = route.serverErrors > 0n ? 'text-bad' : 'text-warn';
  return <span className={tone}>{percent(failed / Math.max(1, Number(route.requests)))} %</span>;
}
