import type { Schema } from "@/api/client";
import { useText } from "@/i18n";
import { Select } from "@/kit";

export type LanguageName = NonNullable<Schema["NewVersion"]["language"]>;

/** A source, and what it is written in. */
export interface Written {
  source: string;
  language: LanguageName;
}

interface LanguageProps {
  value: LanguageName;
  onChange: (value: LanguageName) => void;
}

/** What a program is written in. */
export function Language({ value, onChange }: LanguageProps) {
  const text = useText();
  return (
    <div className="grid gap-1">
      <span className="font-medium">{text("programs.language")}</span>
      <div>
        <Select
          label={text("programs.language")}
          value={value}
          options={[
            { value: "javascript", label: "JavaScript" },
            { value: "lua", label: "Lua" },
          ]}
          onChange={(next) => onChange(next as LanguageName)}
        />
      </div>
    </div>
  );
}
