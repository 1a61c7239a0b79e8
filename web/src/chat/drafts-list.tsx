import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useText } from "@/i18n";
import { Icon } from "@/kit";
import { draftList, filterOf, placeOf } from "./drafts";
import type { Room } from "./model";

const SHOWN_MAX = 20;

interface DraftsListProps {
  rooms: readonly Room[];
  nameOf: (room: Room) => string;
}

/** What one has begun to write, and where. */
export function DraftsList({ rooms, nameOf }: DraftsListProps) {
  const text = useText();
  const { data: drafts } = useQuery(draftList);
  const shown = (drafts ?? []).flatMap((draft) => {
    const room = rooms.find((each) => each.id === draft.room_id);
    return room ? [{ draft, name: nameOf(room) }] : [];
  });
  if (shown.length === 0) return null;
  return (
    <details className="px-2 pt-3">
      <summary className="cursor-pointer text-sm font-medium text-ink-soft">
        {text("chat.drafts", { count: shown.length })}
      </summary>
      <ul className="m-0 list-none p-0">
        {shown.slice(0, SHOWN_MAX).map(({ draft, name }) => (
          <li key={placeOf(draft.room_id, filterOf(draft))}>
            <Link
              to="/chat/$roomId"
              params={{ roomId: draft.room_id }}
              search={filterOf(draft)}
              className="flex min-h-9 items-center gap-2 rounded-lg px-2 hover:bg-sunken"
            >
              <Icon name="pencil" size={18} />
              <span className="min-w-0 grow truncate text-sm">
                <span className="text-ink">
                  {draft.topic ? `${name} # ${draft.topic}` : name}
                  {draft.thread ? ` · ${text("chat.thread")}` : ""}
                </span>{" "}
                <span className="text-ink-soft">{draft.text}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </details>
  );
}
