'use client';

// The policies in force: what each selects and decided in the window, rules that never matched, pods that nothing restricts.

import { ShieldQuestion } from 'lucide-react';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import type { PolicyReport } from '#proto/gen/parallax/v1/dashboard.ts';
import { plural } from '../format/figures.ts';
import { windowText } from '../format/window-text.ts';
import { useWindowSeconds } from '../url/url-state.ts';
import { PolicyCard } from './policy-card.tsx';
import { PreviewView } from './preview/preview-view.tsx';
import { UnrestrictedPods } from './unrestricted-pods.tsx';
import { usePolicyReport } from './use-policy-report.ts';

const VIEWS = [
  { key: 'in-force', title: 'In force' },
  { key: 'preview', title: 'If these applied' },
] as const;

const viewParser = parseAsStringLiteral(VIEWS.map(({ key }) => key)).withDefault('in-force');

export function PoliciesPage() {
  const [view, setView] = useQueryState('view', viewParser);
  return (
    <main className="mx-auto h-full w-full max-w-5xl overflow-y-auto px-6 py-6">
      <h1 className="font-semibold text-title">Policies</h1>
      <nav aria-label="Views of policies" className="mt-3 flex gap-5 border-line border-b text-sm">
        {VIEWS.map(({ key, title }) => (
          <button
            key={key}
            type="button"
            aria-pressed={view === key}
            onClick={() => void setView(key)}
            className={`-mb-px border-b-2 pb-1.5 ${view === key ? 'border-accent' : 'border-transparent text-fg-2 hover:text-fg'}`}
          >
            {title}
          </button>
        ))}
      </nav>
      {view === 'preview' ? <PreviewView /> : <InForce />}
    </main>
  );
}

function InForce() {
  const [windowSeconds] = useWindowSeconds();
  const { report, trouble } = usePolicyReport(windowSeconds);
  return (
    <>
      {trouble !== '' && <p className="mt-1 text-bad">{trouble}</p>}
      {report === undefined && trouble === '' && <p className="mt-1 text-fg-2">Asking the relay.</p>}
      {report !== undefined && (report.configured ? <Report report={report} /> : <NoPolicies />)}
    </>
  );
}

function Report({ report }: { readonly report: PolicyReport }) {
  const dialect = report.dialect === 'cilium' ? 'as Cilium enforces them' : 'as Kubernetes prescribes';
  return (
    <>
      <p className="mt-3 text-fg-2">
        {plural(report.policies.length, 'policy', 'policies')} from {report.source}, read {dialect}. Figures of the last{' '}
        {windowText(report.windowSeconds)}.
      </p>
      {report.notices.map(({ key, text, mend }) => (
        <p key={key} role="status" className="mt-4 rounded-notice bg-warn-soft p-3.5 text-xs leading-[18px]">
          {text} <span className="text-fg-2">{mend}</span>
        </p>
      ))}
      <ul className="mt-5 flex flex-col gap-3">
        {report.policies.map((policy) => (
          <li key={`${policy.kind} ${policy.namespace}/${policy.name}`}>
            <PolicyCard policy={policy} />
          </li>
        ))}
      </ul>
      {report.omittedPolicies > 0 && (
        <p className="mt-3 text-fg-2 text-xs">And {plural(report.omittedPolicies, 'policy', 'policies')} more.</p>
      )}
      <UnrestrictedPods pods={report.unrestricted} />
    </>
  );
}

function NoPolicies() {
  return (
    <div className="mt-16 flex flex-col items-center gap-3 text-center">
      <ShieldQuestion size={28} strokeWidth={1.6} className="text-fg-3" aria-hidden />
      <p className="font-medium text-sm">No policies are known</p>
      <p className="text-fg-2 text-xs">
        Start the relay with <code className="font-mono">--policies DIR</code> to see which policy decides each flow.
      </p>
    </div>
  );
}
