import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { Badge, Button, Card, ErrorNote, itemsOf, Paged } from "@/kit";
import { Finder } from "@/kit/finder";
import { findPeople, type Group, groupsChanged, memberList } from "./queries";

type Member = Schema["Member"];

/** Who is in a group; its managers may add and remove people, too. */
export function Members({ group, mayWrite }: { group: Group; mayWrite: boolean }) {
  const text = useText();
  const queries = useQueryClient();
  const { data: who } = useQuery(me);
  const members = useInfiniteQuery(memberList(group.id));
  const manages = itemsOf(members).some(
    (each) => each.person.id === who?.person?.id && each.is_manager,
  );
  const path = (person_id: string) => ({ group_id: group.id, person_id });
  const put = useMutation({
    mutationFn: ({ id, is_manager }: { id: string; is_manager: boolean }) =>
      unwrap(
        api.PUT("/v1/groups/{group_id}/members/{person_id}", {
          params: { path: path(id) },
          body: { is_manager },
        }),
      ),
    onSuccess: () => groupsChanged(queries),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/v1/groups/{group_id}/members/{person_id}", { params: { path: path(id) } }),
      ),
    onSuccess: () => groupsChanged(queries),
  });
  const error = put.error ?? remove.error;
  return (
    <Card title={text("groups.members")} about={text("groups.membersAbout")}>
      <Paged list={members} none={<p className="m-0 text-ink-soft">{text("groups.noMembers")}</p>}>
        {(found) => (
          <ul className="m-0 grid list-none gap-3 p-0">
            {found.map((each) => (
              <MemberRow
                key={each.person.id}
                member={each}
                mayAppoint={mayWrite}
                mayRemove={mayWrite || manages}
                busy={put.isPending || remove.isPending}
                onAppoint={(is_manager) => put.mutate({ id: each.person.id, is_manager })}
                onRemove={() => remove.mutate(each.person.id)}
              />
            ))}
          </ul>
        )}
      </Paged>
      {error ? <ErrorNote error={error} /> : null}
      {mayWrite || manages ? (
        <Finder
          label={text("groups.addMember")}
          action={text("common.add")}
          queryKey="people"
          search={findPeople}
          busy={put.isPending}
          onChoose={(each) => put.mutate({ id: each.id, is_manager: false })}
        />
      ) : null}
    </Card>
  );
}

interface MemberRowProps {
  member: Member;
  mayAppoint: boolean;
  mayRemove: boolean;
  busy: boolean;
  onAppoint: (isManager: boolean) => void;
  onRemove: () => void;
}

function MemberRow({ member, mayAppoint, mayRemove, busy, onAppoint, onRemove }: MemberRowProps) {
  const text = useText();
  const { person, is_manager: isManager } = member;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
      <div className="min-w-0">
        <p className="m-0 break-words">
          {person.name}
          {isManager ? (
            <>
              {" "}
              <Badge tone="accent">{text("groups.manager")}</Badge>
            </>
          ) : null}
        </p>
        <p className="m-0 text-sm break-all text-ink-soft">
          {person.email}
          {member.provider_id ? ` · ${text("groups.byProvider")}` : ""}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {mayAppoint ? (
          <Button disabled={busy} onClick={() => onAppoint(!isManager)}>
            {text(isManager ? "groups.dismiss" : "groups.appoint")}
            <span className="sr-only"> {person.name}</span>
          </Button>
        ) : null}
        {mayRemove ? (
          <Button kind="danger" disabled={busy} onClick={onRemove}>
            {text("common.remove")}
            <span className="sr-only"> {person.name}</span>
          </Button>
        ) : null}
      </div>
    </li>
  );
}
