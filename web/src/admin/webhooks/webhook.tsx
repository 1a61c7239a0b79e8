import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Confirm, Dialog, ErrorNote, PageHead, Skeleton } from "@/kit";
import { Deliveries } from "./deliveries";
import { type WebhookFields, WebhookForm } from "./form";
import { type Webhook, webhook, webhooksChanged } from "./queries";
import { SecretCard } from "./secret";
import { WebhookState } from "./state";

/** One webhook: its state, its secret, and what was sent to it. */
export function WebhookPage() {
  const text = useText();
  const { webhookId } = useParams({ strict: false });
  const found = useQuery(webhook(webhookId ?? ""));
  const back = { to: "/admin/webhooks", name: text("nav.webhooks") };
  if (found.data) return <Shown webhook={found.data} back={back} />;
  return (
    <>
      <PageHead title={found.error ? text("nav.webhooks") : "…"} back={back} />
      {found.error ? (
        <ErrorNote error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Skeleton className="h-80 w-full" />
      )}
    </>
  );
}

interface ShownProps {
  webhook: Webhook;
  back: { to: string; name: string };
}

function Shown({ webhook, back }: ShownProps) {
  const text = useText();
  const mayWrite = usePermissions().includes("webhooks:write");
  return (
    <>
      <PageHead title={webhook.url} about={webhook.description} back={back}>
        {mayWrite ? <Actions webhook={webhook} /> : null}
      </PageHead>
      <div className="flex flex-wrap items-center gap-3">
        <WebhookState webhook={webhook} />
        <span className="text-ink-soft">
          {webhook.event_types.length > 0 ? webhook.event_types.join(", ") : text("webhooks.all")}
        </span>
      </div>
      <Deliveries webhook={webhook} mayWrite={mayWrite} />
      <SecretCard webhook={webhook} mayWrite={mayWrite} />
    </>
  );
}

function Actions({ webhook }: { webhook: Webhook }) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const path = { webhook_id: webhook.id };
  const change = useMutation({
    mutationFn: (body: Partial<WebhookFields> & { active?: boolean }) =>
      unwrap(api.PATCH("/v1/webhooks/{webhook_id}", { params: { path }, body })),
    onSuccess: async () => {
      await webhooksChanged(queries);
      setEditing(false);
    },
  });
  const ping = useMutation({
    mutationFn: () => unwrap(api.POST("/v1/webhooks/{webhook_id}/ping", { params: { path } })),
    onSuccess: () => webhooksChanged(queries),
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/v1/webhooks/{webhook_id}", { params: { path } })),
    onSuccess: async () => {
      await navigate({ to: "/admin/webhooks" });
      await webhooksChanged(queries);
    },
  });
  const error = ping.error ?? (editing ? null : change.error);
  return (
    <>
      <Button busy={ping.isPending} onClick={() => ping.mutate()}>
        {text("webhooks.ping")}
      </Button>
      <Button onClick={() => setEditing(true)}>{text("common.edit")}</Button>
      <Button
        disabled={change.isPending}
        onClick={() => change.mutate({ active: !webhook.active })}
      >
        {text(webhook.active ? "totp.turnOff" : "totp.turnOn")}
      </Button>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {text("common.delete")}
      </Button>
      {error ? <ErrorNote error={error} /> : null}
      <Dialog title={text("common.edit")} open={editing} onClose={() => setEditing(false)}>
        <WebhookForm
          before={webhook}
          action={text("common.save")}
          busy={change.isPending}
          error={change.error}
          onSubmit={(fields) => change.mutate(fields)}
          onClose={() => setEditing(false)}
        />
      </Dialog>
      <Confirm
        title={text("webhooks.delete")}
        question={text("webhooks.deleteAsk", { url: webhook.url })}
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
