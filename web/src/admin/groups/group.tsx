import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Confirm, Dialog, ErrorNote, PageHead, Skeleton } from "@/kit";
import { GroupForm } from "./form";
import { Members } from "./members";
import { Nested } from "./nested";
import { GroupPermissions } from "./permissions";
import { type Group, group, groupsChanged } from "./queries";

/** One group: who is in it, which groups are in it, and what being in it allows. */
export function GroupPage() {
  const text = useText();
  const { groupId } = useParams({ strict: false });
  const found = useQuery(group(groupId ?? ""));
  const back = { to: "/admin/groups", name: text("nav.groups") };
  if (found.error) {
    return (
      <>
        <PageHead title={text("nav.groups")} back={back} />
        <ErrorNote error={found.error} retry={() => void found.refetch()} />
      </>
    );
  }
  if (!found.data) {
    return (
      <>
        <PageHead title="…" back={back} />
        <Skeleton className="h-48 w-full" />
        <Skeleton className="h-48 w-full" />
      </>
    );
  }
  return <Shown key={found.data.id} group={found.data} />;
}

function Shown({ group }: { group: Group }) {
  const text = useText();
  const mayWrite = usePermissions().includes("groups:write");
  const [editing, setEditing] = useState(false);
  return (
    <>
      <PageHead
        title={group.name}
        about={group.description}
        back={{ to: "/admin/groups", name: text("nav.groups") }}
      >
        {mayWrite ? (
          <>
            <Button onClick={() => setEditing(true)}>{text("common.edit")}</Button>
            <DeleteGroup group={group} />
          </>
        ) : null}
      </PageHead>
      <Members group={group} mayWrite={mayWrite} />
      <Nested group={group} mayWrite={mayWrite} />
      <GroupPermissions group={group} mayWrite={mayWrite} />
      <Dialog title={text("common.edit")} open={editing} onClose={() => setEditing(false)}>
        <EditGroup group={group} onClose={() => setEditing(false)} />
      </Dialog>
    </>
  );
}

function EditGroup({ group, onClose }: { group: Group; onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      unwrap(
        api.PATCH("/v1/groups/{group_id}", { params: { path: { group_id: group.id } }, body }),
      ),
    onSuccess: async () => {
      await groupsChanged(queries);
      onClose();
    },
  });
  return (
    <GroupForm
      name={group.name}
      description={group.description}
      action={text("common.save")}
      busy={change.isPending}
      error={change.error}
      onSubmit={change.mutate}
      onClose={onClose}
    />
  );
}

function DeleteGroup({ group }: { group: Group }) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/v1/groups/{group_id}", { params: { path: { group_id: group.id } } })),
    onSuccess: async () => {
      await navigate({ to: "/admin/groups" });
      await groupsChanged(queries);
    },
  });
  return (
    <>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {text("common.delete")}
      </Button>
      <Confirm
        title={text("groups.delete")}
        question={text("groups.deleteAsk", { name: group.name, count: group.member_count })}
        action={text("common.delete")}
        open={asking}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
