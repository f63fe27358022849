// One policy: what it selects, how much it let through and stopped, and its rules.

import type { PolicyRuleUsage, PolicyUsage } from '#proto/gen/parallax/v1/dashboard.ts';
import { MarkShape } from '../flows/verdict-mark.tsx';
import { plural, wholeNumber } from '../format/figures.ts';

export function PolicyCard({ policy }: { readonly policy: PolicyUsage }) {
  const { kind, namespace, name, selects, pods, rules } = policy;
  return (
    <article aria-label={name} className="rounded-notice border border-line bg-surface p-4">
      <div className="flex items-baseline gap-4">
        <h2 className="min-w-0 flex-1 truncate font-medium text-sm">
          {namespace !== '' && <span className="font-normal text-fg-3">{namespace}/</span>}
          {name}
          <span className="ml-2 font-normal text-2xs text-fg-3">{kind}</span>
        </h2>
        <Count mark="ok" count={policy.allowed} word="allowed" />
        <Count mark="bad" count={policy.denied} word="denied" />
        {policy.notEnforced > 0n && <Count mark="warn" count={policy.notEnforced} word="not enforced" />}
      </div>
      <p className="mt-1 truncate text-fg-2 text-xs" title={pods.join(', ')}>
        Selects {selects}
        {pods.length > 0 && `: ${plural(pods.length, 'pod')} now, ${pods[0]}${pods.length > 1 ? ' and others' : ''}`}
      </p>
      {rules.length === 0 ? (
        <p className="mt-3 text-cell text-fg-2">It has no rules: it isolates what it selects.</p>
      ) : (
        <ul className="mt-3 flex flex-col gap-1.5">
          {rules.map((rule) => (
            <Rule key={rule.path} rule={rule} />
          ))}
        </ul>
      )}
    </article>
  );
}

function Rule({ rule: { path, text, matched } }: { readonly rule: PolicyRuleUsage }) {
  return (
    <li className="grid grid-cols-[120px_minmax(0,1fr)_auto] gap-x-4 text-cell">
      <span className="truncate font-mono text-fg-3 text-mono">{path}</span>
      <span className="text-fg-2">{text}</span>
      {matched === 0n ? (
        <span className="text-warn">never matched</span>
      ) : (
        <span className="text-right">{wholeNumber(Number(matched))}</span>
      )}
    </li>
  );
}

function Count(props: { readonly mark: 'ok' | 'warn' | 'bad'; readonly count: bigint; readonly word: string }) {
  const { mark, count, word } = props;
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap text-xs">
      <MarkShape mark={count === 0n ? 'none' : mark} />
      {wholeNumber(Number(count))} {word}
    </span>
  );
}
