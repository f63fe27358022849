// The mark: one path seen from two ends.

export function Logo() {
  return (
    <span className="flex size-8 items-center justify-center rounded-card bg-accent text-accent-fg">
      <svg
        viewBox="0 0 20 20"
        width="18"
        height="18"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.7"
        aria-hidden="true"
      >
        <path d="M4.6 13.6C8 13.6 8.4 6.4 11.4 6.4c1.6 0 2 1.2 2.2 2.4" strokeLinecap="round" />
        <path d="M6.2 8.6c.4-1.4 1-2.2 2.4-2.2 3 0 3.4 7.2 6.8 7.2" strokeLinecap="round" />
        <circle cx="3.4" cy="13.4" r="1.7" />
        <circle cx="16.6" cy="13.4" r="1.7" />
      </svg>
    </span>
  );
}
