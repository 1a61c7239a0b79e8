import { Select as Base } from "@base-ui/react/select";
import { Icon } from "./icons";

export interface Option {
  value: string;
  label: string;
}

interface SelectProps {
  label: string;
  options: Option[];
  value: string;
  onChange: (value: string) => void;
  quiet?: boolean;
}

/** A choice among a few; `label` is read out, and not shown. */
export function Select({ label, options, value, onChange, quiet }: SelectProps) {
  return (
    <Base.Root items={options} value={value} onValueChange={(next) => onChange(next as string)}>
      <Base.Trigger
        aria-label={label}
        className={`inline-flex min-h-9 max-w-full items-center gap-2 rounded-lg px-3 font-medium transition-colors data-[popup-open]:bg-sunken ${quiet ? "hover:bg-sunken" : "border border-line bg-surface hover:border-line-strong"}`}
      >
        <Base.Value className="truncate" />
        <Base.Icon className="text-ink-soft">
          <Icon name="chevron" size={16} />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={6} alignItemWithTrigger={false} className="z-60">
          <Base.Popup className="max-h-80 min-w-48 overflow-auto rounded-xl border border-line bg-raised p-1 shadow-card">
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  className="flex min-h-9 items-center gap-2 rounded-lg px-3 data-[highlighted]:bg-sunken"
                >
                  <Base.ItemText className="grow">{option.label}</Base.ItemText>
                  <Base.ItemIndicator className="text-accent">
                    <Icon name="check" size={16} />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
