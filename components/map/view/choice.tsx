'use client';

// One of a few words, by the browser's own menu: keyboard and screen readers know it.

import { ChevronDown } from 'lucide-react';

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Value[];
  readonly names: Readonly<Record<Value, string>>;
  readonly onChoose: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, choices, names, onChoose }: ChoiceProps<Value>) {
  return (
    <span className="relative">
      <select
        aria-label={label}
        title={label}
        value={value}
        onChange={(event) => {
          const chosen = choices.find((each) => each === event.target.value);
          if (chosen !== undefined) onChoose(chosen);
        }}
        className="h-7 appearance-none rounded-control border border-line bg-raised pr-6 pl-2 text-fg-2 text-xs hover:border-line-strong hover:text-fg"
      >
        {choices.map((each) => (
          <option key={each} value={each}>
            {names[each]}
          </option>
        ))}
      </select>
      <ChevronDown
        size={12}
        aria-hidden="true"
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-1.5 text-fg-3"
      />
    </span>
  );
}
