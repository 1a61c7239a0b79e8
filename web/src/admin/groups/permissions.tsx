import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Card, ErrorNote } from "@/kit";
import { PermissionChoice } from "../permission-choice";
import { type Group, groupsChanged } from "./queries";

/** What members of a group may do besides what their roles allow. */
export function GroupPermissions({ group, mayWrite }: { group: Group; mayWrite: boolean }) {
  const text = useText();
  const queries = useQueryClient();
  const own = usePermissions();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(group.permissions));
  const change = useMutation({
    mutationFn: () =>
      unwrap(
        api.PATCH("/v1/groups/{group_id}", {
          params: { path: { group_id: group.id } },
          body: { permissions: [...chosen].sort() },
        }),
      ),
    onSuccess: () => groupsChanged(queries),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  // Nobody can give what they may not do themselves.
  const offered = [...new Set([...own, ...group.permissions])].sort();
  return (
    <Card title={text("groups.permissions")} about={text("groups.permissionsAbout")}>
      <form onSubmit={submit} className="grid gap-4">
        <PermissionChoice
          label={text("groups.permissions")}
          disabled={!mayWrite}
          offered={offered}
          chosen={chosen}
          onChange={setChosen}
        />
        {change.error ? <ErrorNote error={change.error} /> : null}
        {mayWrite ? (
          <div className="flex items-center justify-end gap-3">
            <span role="status" className="text-good">
              {change.isSuccess ? text("common.saved") : ""}
            </span>
            <Button kind="primary" type="submit" busy={change.isPending}>
              {text("common.save")}
            </Button>
          </div>
        ) : null}
      </form>
    </Card>
  );
}
