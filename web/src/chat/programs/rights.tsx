import { useText } from "@/i18n";
import { Check } from "@/kit";

const GRANTS = ["delete", "http", "moderate", "translate"] as const;

interface RightsProps {
  allowed: readonly string[];
  onChange: (allowed: string[]) => void;
}

/** What a program may do beyond its room. */
export function Rights({ allowed, onChange }: RightsProps) {
  const text = useText();
  return (
    <fieldset className="m-0 grid border-0 p-0">
      <legend className="p-0 font-medium">{text("programs.allowed")}</legend>
      {GRANTS.map((each) => (
        <Check
          key={each}
          label={text(`programs.allowed.${each}`)}
          hint={each === "http" ? text("programs.allowed.httpHint") : undefined}
          checked={allowed.includes(each)}
          onChange={({ target }) =>
            onChange(
              target.checked ? [...allowed, each] : allowed.filter((other) => other !== each),
            )
          }
        />
      ))}
    </fieldset>
  );
}
