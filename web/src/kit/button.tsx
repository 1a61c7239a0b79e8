import type { ButtonHTMLAttributes } from "react";

type Kind = "primary" | "plain" | "quiet" | "danger";

const KINDS: Record<Kind, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-line bg-surface text-ink hover:border-line-strong",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
  danger: "border border-line bg-surface text-bad hover:bg-bad-soft",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  /** Shows that the work goes on, and takes no second click. */
  busy?: boolean;
}

/** A button; at least 36 pixels high. */
export function Button({ kind = "plain", busy, className = "", children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={`inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 font-medium transition-colors disabled:opacity-55 ${KINDS[kind]} ${className}`}
    >
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

/** A square button whose only content is an icon; `label` is its name. */
export function IconButton({
  label,
  children,
  className = "",
  ...rest
}: ButtonProps & { label: string }) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={`inline-flex size-9 items-center justify-center rounded-lg text-ink-soft transition-colors hover:bg-sunken hover:text-ink disabled:opacity-40 ${className}`}
    >
      {children}
    </button>
  );
}

/** Something goes on. */
export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="inline-block size-4 animate-spin rounded-full border-2 border-current border-t-transparent"
    />
  );
}
