import type { ReactNode } from "react";

const TONES = {
  plain: "bg-sunken text-ink-soft",
  good: "bg-sunken text-good",
  bad: "bg-bad-soft text-bad",
  accent: "bg-accent-soft text-accent-strong",
};

interface BadgeProps {
  tone?: keyof typeof TONES;
  children: ReactNode;
}

/** A word about the state of something. */
export function Badge({ tone = "plain", children }: BadgeProps) {
  return (
    <span
      className={`inline-block rounded-full px-2.5 py-0.5 text-sm whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
