import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { type MessageId, useText } from "@/i18n";
import { Button, Card, Check, ErrorNote } from "@/kit";
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
  const toggle = (permission: string, isOn: boolean) => {
    const next = new Set(chosen);
    if (isOn) next.add(permission);
    else next.delete(permission);
    setChosen(next);
  };
  // Nobody can give what they may not do themselves.
  const offered = [...new Set([...own, ...group.permissions])].sort();
  return (
    <Card title={text("groups.permissions")} about={text("groups.permissionsAbout")}>
      <form onSubmit={submit} className="grid gap-4">
        <fieldset
          disabled={!mayWrite}
          className="m-0 grid gap-x-6 border-0 p-0 sm:grid-cols-2 lg:grid-cols-3"
        >
          <legend className="sr-only">{text("groups.permissions")}</legend>
          {offered.map((permission) => (
            <Check
              key={permission}
              label={permissionName(permission, text)}
              checked={chosen.has(permission)}
              onChange={(event) => toggle(permission, event.target.checked)}
            />
          ))}
        </fieldset>
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

/** A permission in words; one that this client does not know yet, as the API calls it. */
export function permissionName(permission: string, text: ReturnType<typeof useText>): string {
  const id = `permission.${permission}`;
  const name = text(id as MessageId);
  return name === id ? permission : name;
}
