// Why policy let a flow through or would not have, in words: the agreement of what was seen with what policies say.

import {
  PolicyExplanation_Agreement as Agreement,
  type PolicyExplanation,
} from '#proto/gen/parallax/v1/flow_details.ts';
import { type Mark, MarkShape } from '../flows/verdict-mark.tsx';

const words: Readonly<Record<number, { readonly mark: Mark; readonly text: string }>> = {
  [Agreement.AGREES]: { mark: 'ok', text: 'Policies agree with what was seen' },
  [Agreement.NOT_ENFORCED]: { mark: 'warn', text: 'Not enforced' },
  [Agreement.UNEXPLAINED_DROP]: { mark: 'warn', text: 'No policy explains this drop' },
  [Agreement.DISAGREES]: { mark: 'warn', text: 'The source names other policies' },
  [Agreement.UNCERTAIN]: { mark: 'none', text: 'Not certain' },
};

export function PolicyStory({ policy }: { readonly policy: PolicyExplanation }) {
  const { mark, text } = words[policy.agreement] ?? { mark: 'none', text: 'Unknown' };
  const sides = [
    { name: 'Leaving', reasons: policy.egressReasons },
    { name: 'Arriving', reasons: policy.ingressReasons },
  ].filter(({ reasons }) => reasons.length > 0);
  return (
    <div className="text-xs leading-[18px]">
      <p className="flex items-center gap-2 text-fg-2">
        <MarkShape mark={mark} />
        {text}
      </p>
      <p className="mt-1">{policy.summary}</p>
      {sides.map(({ name, reasons }) => (
        <details key={name} className="mt-1.5">
          <summary className="cursor-pointer text-fg-2">{name}</summary>
          {reasons.map((reason) => (
            <p key={reason} className="mt-1 pl-3 text-fg-2">
              {reason}
            </p>
          ))}
        </details>
      ))}
    </div>
  );
}
