import { type MessageId, useText } from "@/i18n";
import { Check } from "@/kit";

interface PermissionChoiceProps {
  label: string;
  offered: readonly string[];
  chosen: ReadonlySet<string>;
  disabled?: boolean;
  onChange: (chosen: ReadonlySet<string>) => void;
}

/** Some of several permissions; `label` is read out, and not shown. */
export function PermissionChoice(props: PermissionChoiceProps) {
  const text = useText();
  const toggle = (permission: string, isOn: boolean) => {
    const next = new Set(props.chosen);
    if (isOn) next.add(permission);
    else next.delete(permission);
    props.onChange(next);
  };
  return (
    <fieldset
      disabled={props.disabled}
      className="m-0 grid grid-cols-[repeat(auto-fill,minmax(13rem,1fr))] gap-x-6 border-0 p-0"
    >
      <legend className="sr-only">{props.label}</legend>
      {props.offered.map((permission) => (
        <Check
          key={permission}
          label={permissionName(permission, text)}
          checked={props.chosen.has(permission)}
          onChange={(event) => toggle(permission, event.target.checked)}
        />
      ))}
    </fieldset>
  );
}

/** A permission in words; one that this client does not know yet, as the API calls it. */
export function permissionName(permission: string, text: ReturnType<typeof useText>): string {
  const id = `permission.${permission}`;
  const name = text(id as MessageId);
  return name === id ? permission : name;
}
