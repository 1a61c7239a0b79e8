import { Menu as Base } from "@base-ui/react/menu";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons";

interface MenuProps {
  label: string;
  trigger: ReactNode;
  align?: "start" | "end";
  children: ReactNode;
}

/** Actions behind a button; `label` is the button's name. */
export function Menu({ label, trigger, align = "end", children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger
        aria-label={label}
        title={label}
        className="inline-flex h-9 max-w-full min-w-9 items-center justify-center gap-2 rounded-lg px-2 text-ink-soft hover:bg-sunken hover:text-ink data-[popup-open]:bg-sunken"
      >
        {trigger}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={6} align={align} className="z-60">
          <Base.Popup className="min-w-52 rounded-xl border border-line bg-raised p-1 shadow-card">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  onClick: () => void;
  /** It leads to where one is. */
  isCurrent?: boolean;
  children: ReactNode;
}

/** One action of a menu. */
export function MenuItem({ onClick, isCurrent, children }: MenuItemProps) {
  return (
    <Base.Item
      onClick={onClick}
      aria-current={isCurrent ? "page" : undefined}
      className="flex min-h-9 items-center gap-2 rounded-lg px-3 aria-[current]:font-semibold aria-[current]:text-accent data-[highlighted]:bg-sunken"
    >
      {children}
    </Base.Item>
  );
}

/** More actions behind one of a menu. */
export function Submenu({
  icon,
  label,
  children,
}: {
  icon: IconName;
  label: string;
  children: ReactNode;
}) {
  return (
    <Base.SubmenuRoot>
      <Base.SubmenuTrigger className="flex min-h-9 items-center gap-2 rounded-lg px-3 data-[highlighted]:bg-sunken data-[popup-open]:bg-sunken">
        <Icon name={icon} size={18} />
        <span className="grow">{label}</span>
        <span aria-hidden="true">›</span>
      </Base.SubmenuTrigger>
      <Base.Portal>
        <Base.Positioner sideOffset={2} className="z-60">
          <Base.Popup className="min-w-52 rounded-xl border border-line bg-raised p-1 shadow-card">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.SubmenuRoot>
  );
}

/** One of several of which one is chosen. */
export function MenuChoice<T extends string>({
  value,
  options,
  onChange,
}: {
  value: T;
  options: Record<T, string>;
  onChange: (value: T) => void;
}) {
  return (
    <Base.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      {(Object.entries(options) as [T, string][]).map(([key, name]) => (
        <Base.RadioItem
          key={key}
          value={key}
          lang={key}
          className="flex min-h-9 items-center gap-2 rounded-lg px-3 data-[checked]:font-semibold data-[checked]:text-accent data-[highlighted]:bg-sunken"
        >
          {name}
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  );
}
