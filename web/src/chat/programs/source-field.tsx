import { useId } from "react";
import { useText } from "@/i18n";

const SOURCE_CHARACTERS_MAX = 256 * 1024;

interface SourceFieldProps {
  value: string;
  onChange: (value: string) => void;
}

/** The source of a program, to be written. */
export function SourceField({ value, onChange }: SourceFieldProps) {
  const text = useText();
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {text("programs.source")}
      </label>
      <textarea
        id={id}
        required
        rows={16}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        dir="ltr"
        translate="no"
        maxLength={SOURCE_CHARACTERS_MAX}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="w-full rounded-lg border border-line-strong bg-surface px-3 py-2 font-mono text-sm text-ink"
      />
    </div>
  );
}
