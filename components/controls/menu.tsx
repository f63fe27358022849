'use client';

// A menu that drops from a button: radix's behaviour in the page's look.

import { Check } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';

const itemClass =
  'relative flex h-8 cursor-default select-none items-center gap-2 rounded-chip pr-3 pl-7 text-xs text-fg outline-none data-[highlighted]:bg-hover data-[disabled]:opacity-50';

export function Menu({ trigger, children }: { readonly trigger: ReactNode; readonly children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          className="z-50 max-h-96 min-w-44 overflow-y-auto rounded-card border border-line bg-raised p-1 shadow-pop"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuHeading({ children }: { readonly children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 pt-1.5 pb-1 text-2xs text-fg-3">{children}</DropdownMenu.Label>;
}

interface Choice {
  readonly value: string;
  readonly label: ReactNode;
}

export function MenuChoices(props: {
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChoose: (value: string) => void;
}) {
  return (
    <DropdownMenu.RadioGroup value={props.value} onValueChange={props.onChoose}>
      {props.choices.map(({ value, label }) => (
        <DropdownMenu.RadioItem key={value} value={value} className={itemClass}>
          <DropdownMenu.ItemIndicator className="absolute left-2">
            <Check size={13} aria-hidden />
          </DropdownMenu.ItemIndicator>
          {label}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuCheck(props: {
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <DropdownMenu.CheckboxItem
      checked={props.checked}
      disabled={props.disabled ?? false}
      onCheckedChange={props.onChange}
      onSelect={(event) => event.preventDefault()}
      className={itemClass}
    >
      <DropdownMenu.ItemIndicator className="absolute left-2">
        <Check size={13} aria-hidden />
      </DropdownMenu.ItemIndicator>
      {props.children}
    </DropdownMenu.CheckboxItem>
  );
}

/** Does one thing and closes the menu. */
export function MenuItem(props: { readonly onSelect: () => void; readonly children: ReactNode }) {
  return (
    <DropdownMenu.Item onSelect={props.onSelect} className={itemClass}>
      {props.children}
    </DropdownMenu.Item>
  );
}
