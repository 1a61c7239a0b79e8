import { type InputHTMLAttributes, useId } from "react";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string;
  problem?: string;
}

/** A line to fill in, with its name above, and below it a hint or what is wrong. */
export function Field({ label, hint, problem, ...rest }: FieldProps) {
  const id = useId();
  const note = problem ?? hint;
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input
        id={id}
        aria-describedby={note ? `${id}-note` : undefined}
        aria-invalid={problem ? true : undefined}
        className="min-h-10 rounded-lg border border-line-strong bg-surface px-3 text-ink placeholder:text-ink-soft"
        {...rest}
      />
      {note ? (
        <p id={`${id}-note`} className={`m-0 text-sm ${problem ? "text-bad" : "text-ink-soft"}`}>
          {note}
        </p>
      ) : null}
    </div>
  );
}
