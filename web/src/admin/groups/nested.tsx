import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Button, Card, ErrorNote, Skeleton } from "@/kit";
import { Finder } from "@/kit/finder";
import { findGroups, type Group, group as groupQuery, groupsChanged } from "./queries";

const SHOWN = 20;

/** The groups within a group, and those that it lies in. */
export function Nested({ group, mayWrite }: { group: Group; mayWrite: boolean }) {
  const text = useText();
  const queries = useQueryClient();
  const path = (child_id: string) => ({ group_id: group.id, child_id });
  const put = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.PUT("/v1/groups/{group_id}/groups/{child_id}", { params: { path: path(id) } })),
    onSuccess: () => groupsChanged(queries),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/v1/groups/{group_id}/groups/{child_id}", { params: { path: path(id) } })),
    onSuccess: () => groupsChanged(queries),
  });
  const error = put.error ?? remove.error;
  return (
    <Card title={text("groups.within")} about={text("groups.withinAbout")}>
      <GroupLinks
        ids={group.child_ids}
        none={text("groups.noneWithin")}
        onRemove={mayWrite ? (id) => remove.mutate(id) : undefined}
      />
      {error ? <ErrorNote error={error} /> : null}
      {mayWrite ? (
        <Finder
          label={text("groups.addGroup")}
          action={text("common.add")}
          queryKey="groups"
          search={(query) => findGroups(query, [group.id, ...group.child_ids])}
          busy={put.isPending}
          onChoose={(each) => put.mutate(each.id)}
        />
      ) : null}
      {group.parent_ids.length > 0 ? (
        <div>
          <h3 className="m-0 mb-2 font-medium">{text("groups.around")}</h3>
          <GroupLinks ids={group.parent_ids} none="" />
        </div>
      ) : null}
    </Card>
  );
}

interface GroupLinksProps {
  ids: string[];
  none: string;
  onRemove?: (id: string) => void;
}

function GroupLinks({ ids, none, onRemove }: GroupLinksProps) {
  const text = useText();
  const [shown, setShown] = useState(SHOWN);
  const groups = useQueries({ queries: ids.slice(0, shown).map(groupQuery) });
  if (ids.length === 0) return none ? <p className="m-0 text-ink-soft">{none}</p> : null;
  return (
    <>
      <ul className="m-0 grid list-none gap-2 p-0">
        {groups.map(({ data, error }, index) => (
          <li key={ids[index]} className="flex min-h-9 items-center justify-between gap-3">
            {data ? (
              <Link
                to="/admin/groups/$groupId"
                params={{ groupId: data.id }}
                className="min-w-0 break-words text-accent hover:underline"
              >
                {data.name}
              </Link>
            ) : null}
            {error ? <ErrorNote error={error} /> : null}
            {!data && !error ? <Skeleton className="h-5 w-40" /> : null}
            {data && onRemove ? (
              <Button kind="danger" onClick={() => onRemove(data.id)}>
                {text("common.remove")}
                <span className="sr-only"> {data.name}</span>
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {ids.length > shown ? (
        <Button onClick={() => setShown(shown + SHOWN)}>{text("common.more")}</Button>
      ) : null}
    </>
  );
}
