// Who may be spoken to besides single people: groups, and everybody.
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { type Person, speaksToMany } from "./mentions";

const GROUPS_MAX = 1000;
const NONE: Person[] = [];

async function readGroups(): Promise<Person[]> {
  const found: Person[] = [];
  let cursor = "";
  do {
    const page = await unwrap(
      api.GET("/v1/groups", {
        params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } },
      }),
    );
    for (const { id, name } of page.items) found.push({ id, name, isGroup: true });
    cursor = page.next_cursor ?? "";
  } while (cursor && found.length < GROUPS_MAX);
  return found;
}

/** The groups of the organisation, for whoever may see them. */
export function useGroups(isWanted: boolean): Person[] {
  const permissions = usePermissions();
  const groups = useQuery({
    queryKey: ["chat", "groups"],
    staleTime: 300_000,
    enabled: isWanted && permissions.includes("groups:read"),
    queryFn: readGroups,
  });
  return groups.data ?? NONE;
}

/** Says of a suggestion that it is a group. */
export function GroupMark() {
  const text = useText();
  return <span className="ml-2 text-sm text-ink-soft">{text("chat.group")}</span>;
}

/** Says, while one writes, that a text would not reach everybody whom it names. */
export function ReachNote({ typed, people }: { typed: string; people: readonly Person[] }) {
  const text = useText();
  return (
    <p role="status" className="m-0 text-sm text-ink-soft">
      {speaksToMany(typed, people) ? text("chat.mayNotReachAll") : null}
    </p>
  );
}
