import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

interface TabsProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  tabs: { value: T; label: string; content: ReactNode }[];
}

/** Parts of which one is shown; the arrow keys go from one to the next. */
export function Tabs<T extends string>({ label, value, onChange, tabs }: TabsProps<T>) {
  return (
    <Base.Root value={value} onValueChange={(next) => onChange(next as T)} className="grid gap-4">
      <Base.List aria-label={label} className="flex flex-wrap gap-1 border-b border-line">
        {tabs.map((each) => (
          <Base.Tab
            key={each.value}
            value={each.value}
            className="-mb-px min-h-9 border-b-2 border-transparent px-3 font-medium text-ink-soft hover:text-ink aria-selected:border-accent aria-selected:text-ink"
          >
            {each.label}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((each) => (
        <Base.Panel key={each.value} value={each.value} className="min-w-0">
          {each.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
