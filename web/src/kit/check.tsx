import { type InputHTMLAttributes, useId } from "react";

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  label: string;
  hint?: string;
  /** One of several of which one is chosen, instead of one by itself. */
  kind?: "checkbox" | "radio";
}

/** Something to turn on or off, with its name beside it. */
export function Check({ label, hint, kind = "checkbox", ...rest }: CheckProps) {
  const id = useId();
  return (
    <div className="flex min-h-9 items-start gap-2.5 py-1.5">
      <input
        id={id}
        type={kind}
        aria-describedby={hint ? `${id}-note` : undefined}
        className="mt-0.5 size-5 shrink-0 accent-accent"
        {...rest}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="block">
          {label}
        </label>
        {hint ? (
          <p id={`${id}-note`} className="m-0 text-sm text-ink-soft">
            {hint}
          </p>
        ) : null}
      </div>
    </div>
  );
}
