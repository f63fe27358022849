// The page's one kind of button, in three weights.

import type { ComponentProps } from 'react';

type Weight = 'outline' | 'ghost' | 'icon';

const weights: Record<Weight, string> = {
  outline: 'h-7 gap-1.5 border border-line bg-raised px-2.5 text-xs text-fg hover:border-line-strong',
  ghost: 'h-7 gap-1.5 px-2 text-xs text-fg-2 hover:bg-hover hover:text-fg',
  icon: 'size-7 justify-center text-fg-2 hover:bg-hover hover:text-fg',
};

export function Button({
  weight = 'outline',
  className = '',
  ...props
}: ComponentProps<'button'> & { weight?: Weight }) {
  return (
    <button
      type="button"
      className={`inline-flex shrink-0 items-center whitespace-nowrap rounded-control transition-colors disabled:opacity-50 ${weights[weight]} ${className}`}
      {...props}
    />
  );
}
