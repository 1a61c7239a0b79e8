import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { usePermissions } from "@/api/queries";
import { type FoundPlace, useChatPlaces } from "@/chat/find";
import { useText } from "@/i18n";
import { Dialog, Icon } from "@/kit";
import { type Thing, things } from "./finding";
import type { Place } from "./systems";

interface PaletteProps {
  places: Place[];
  open: boolean;
  onClose: () => void;
}

/** Go to any page, room, person, group or glossary by a few letters (WAI-ARIA combobox with a list). */
export function CommandPalette({ places, open, onClose }: PaletteProps) {
  const text = useText();
  return (
    <Dialog title={text("palette.title")} open={open} onClose={onClose}>
      <Places places={places} onClose={onClose} />
    </Dialog>
  );
}

function Places({ places, onClose }: { places: Place[]; onClose: () => void }) {
  const text = useText();
  const id = useId();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const query = typed.trim();
  const asked = useDeferredValue(query);
  const more = useQuery({
    ...things(asked, usePermissions(), useQueryClient()),
    placeholderData: keepPreviousData,
  });
  const rooms = useChatPlaces(asked);
  const pages: Thing[] = places
    .map(({ to, name, icon }) => ({ key: to, name: text(name), about: "", icon, href: to }))
    .filter((each) => each.name.toLowerCase().includes(query.toLowerCase()));
  const linked = [...pages, ...((query && more.data) || [])].map(({ href, ...thing }) => ({
    ...thing,
    go: () => void navigate({ href }),
  }));
  const found: FoundPlace[] = [...linked, ...rooms];
  const go = (place: FoundPlace | undefined) => {
    if (!place) return;
    onClose();
    place.go();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") go(found[chosen]);
    else if (event.key === "ArrowDown") setChosen(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(chosen - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label={text("palette.open")}
        placeholder={text("palette.hint")}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        className="min-h-10 w-full rounded-lg border border-line-strong bg-surface px-3"
      />
      <div id={`${id}-list`} role="listbox" aria-label={text("palette.title")} className="mt-2">
        {found.map((place, index) => (
          <div
            key={place.key}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onClick={() => go(place)}
            onKeyDown={() => undefined}
            onPointerMove={() => setChosen(index)}
            className="flex min-h-10 items-center gap-3 rounded-lg px-3 aria-selected:bg-sunken"
          >
            <Icon name={place.icon} />
            <span className="min-w-0 truncate">
              {place.name}
              {place.about ? <span className="text-sm text-ink-soft"> {place.about}</span> : null}
            </span>
          </div>
        ))}
      </div>
      <p role="status" className="m-0 text-ink-soft not-empty:mt-3">
        {found.length === 0 && !more.isFetching ? text("palette.nothing") : ""}
      </p>
    </>
  );
}
