import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Dialog, Field, Paged, PageHead } from "@/kit";
import { Table } from "@/kit/table";
import { GroupForm } from "./form";
import { type Group, groupList, groupsChanged } from "./queries";

/** The groups of the organisation. */
export function GroupsPage() {
  const text = useText();
  const mayWrite = usePermissions().includes("groups:write");
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim());
  const [making, setMaking] = useState(false);
  const groups = useInfiniteQuery(groupList(query));
  return (
    <>
      <PageHead title={text("nav.groups")} about={text("groups.about")}>
        {mayWrite ? (
          <Button kind="primary" onClick={() => setMaking(true)}>
            {text("groups.make")}
          </Button>
        ) : null}
      </PageHead>
      <Field
        label={text("groups.search")}
        type="search"
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Paged list={groups} none={text(query ? "palette.nothing" : "groups.none")}>
        {(found) => <GroupTable groups={found} />}
      </Paged>
      <Dialog title={text("groups.make")} open={making} onClose={() => setMaking(false)}>
        <NewGroup onClose={() => setMaking(false)} />
      </Dialog>
    </>
  );
}

function GroupTable({ groups }: { groups: Group[] }) {
  const text = useText();
  return (
    <Table
      label={text("nav.groups")}
      columns={[
        text("keys.name"),
        text("groups.members"),
        text("groups.within"),
        text("groups.permissions"),
      ]}
    >
      {groups.map((each) => (
        <tr key={each.id}>
          <th scope="row" className="font-medium">
            <Link
              to="/admin/groups/$groupId"
              params={{ groupId: each.id }}
              className="text-accent hover:underline"
            >
              {each.name}
            </Link>
            {each.description ? (
              <span className="block max-w-md truncate text-sm font-normal text-ink-soft">
                {each.description}
              </span>
            ) : null}
          </th>
          <td>{each.member_count}</td>
          <td>{each.child_ids.length}</td>
          <td>{each.permissions.length}</td>
        </tr>
      ))}
    </Table>
  );
}

function NewGroup({ onClose }: { onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      unwrap(api.POST("/v1/groups", { body })),
    onSuccess: async (made) => {
      await groupsChanged(queries);
      onClose();
      await navigate({ to: "/admin/groups/$groupId", params: { groupId: made.id } });
    },
  });
  return (
    <GroupForm
      action={text("groups.make")}
      busy={make.isPending}
      error={make.error}
      onSubmit={make.mutate}
      onClose={onClose}
    />
  );
}
