import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Dialog, Paged, PageHead } from "@/kit";
import { Table } from "@/kit/table";
import { type WebhookFields, WebhookForm } from "./form";
import { type Webhook, webhookList, webhooksChanged } from "./queries";
import { Secret } from "./secret";
import { WebhookState } from "./state";

/** The addresses that are told what happens here. */
export function WebhooksPage() {
  const text = useText();
  const mayWrite = usePermissions().includes("webhooks:write");
  const [adding, setAdding] = useState(false);
  const list = useInfiniteQuery(webhookList);
  return (
    <>
      <PageHead title={text("nav.webhooks")} about={text("webhooks.about")}>
        {mayWrite ? (
          <Button kind="primary" onClick={() => setAdding(true)}>
            {text("webhooks.add")}
          </Button>
        ) : null}
      </PageHead>
      <Paged list={list} none={text("webhooks.none")}>
        {(found) => <WebhookTable webhooks={found} />}
      </Paged>
      <Dialog title={text("webhooks.add")} open={adding} onClose={() => setAdding(false)}>
        <NewWebhook onClose={() => setAdding(false)} />
      </Dialog>
    </>
  );
}

function WebhookTable({ webhooks }: { webhooks: Webhook[] }) {
  const text = useText();
  return (
    <Table
      label={text("nav.webhooks")}
      columns={[text("webhooks.url"), text("webhooks.events"), text("keys.state")]}
    >
      {webhooks.map((each) => (
        <tr key={each.id}>
          <th scope="row" className="min-w-56 font-medium">
            <Link
              to="/admin/webhooks/$webhookId"
              params={{ webhookId: each.id }}
              className="break-all text-accent hover:underline"
            >
              {each.url}
            </Link>
            {each.description ? (
              <span className="block text-sm font-normal text-ink-soft">{each.description}</span>
            ) : null}
          </th>
          <td className="whitespace-nowrap">
            {each.event_types.length > 0
              ? text("webhooks.kinds", { count: each.event_types.length })
              : text("webhooks.all")}
          </td>
          <td>
            <WebhookState webhook={each} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function NewWebhook({ onClose }: { onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (fields: WebhookFields) =>
      unwrap(api.POST("/v1/webhooks", { body: { ...fields, active: true } })),
    onSuccess: () => webhooksChanged(queries),
  });
  if (make.data) return <Secret secret={make.data.secret ?? ""} onClose={onClose} />;
  return (
    <WebhookForm
      before={{ url: "", description: "", event_types: [] }}
      action={text("webhooks.add")}
      busy={make.isPending}
      error={make.error}
      onSubmit={(fields) => make.mutate(fields)}
      onClose={onClose}
    />
  );
}
