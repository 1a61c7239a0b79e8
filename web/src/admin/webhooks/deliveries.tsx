import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useContext, useState } from "react";
import { api, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Button, Card, Check, Dialog, ErrorNote, Field, Paged, Select } from "@/kit";
import { Table } from "@/kit/table";
import { DeliveryDetails } from "./delivery";
import {
  type Delivery,
  type DeliveryStatus,
  deliveryList,
  type Webhook,
  webhooksChanged,
} from "./queries";
import { StatusBadge } from "./state";

const STATUSES = ["pending", "delivered", "failed"] as const;

/** What was sent to a webhook, and sending it again. */
export function Deliveries({ webhook, mayWrite }: { webhook: Webhook; mayWrite: boolean }) {
  const text = useText();
  const [status, setStatus] = useState<DeliveryStatus | "">("");
  const [opened, setOpened] = useState<Delivery | null>(null);
  const [replaying, setReplaying] = useState(false);
  const list = useInfiniteQuery(deliveryList(webhook.id, status));
  return (
    <Card title={text("webhooks.deliveries")} about={text("webhooks.deliveriesAbout")}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Select
          label={text("webhooks.status")}
          value={status}
          onChange={(next) => setStatus(next as DeliveryStatus | "")}
          options={[
            { value: "", label: text("webhooks.anyStatus") },
            ...STATUSES.map((value) => ({ value, label: text(`webhooks.status.${value}`) })),
          ]}
        />
        {mayWrite ? (
          <Button onClick={() => setReplaying(true)}>{text("webhooks.replaySince")}</Button>
        ) : null}
      </div>
      <Paged list={list} none={text("webhooks.nothingSent")}>
        {(found) => <DeliveryTable deliveries={found} onOpen={setOpened} />}
      </Paged>
      <Dialog title={opened?.type ?? ""} open={opened !== null} onClose={() => setOpened(null)}>
        {opened ? (
          <DeliveryDetails webhookId={webhook.id} deliveryId={opened.id} mayWrite={mayWrite} />
        ) : null}
      </Dialog>
      <Dialog
        title={text("webhooks.replaySince")}
        open={replaying}
        onClose={() => setReplaying(false)}
      >
        <ReplaySince webhook={webhook} onClose={() => setReplaying(false)} />
      </Dialog>
    </Card>
  );
}

interface DeliveryTableProps {
  deliveries: Delivery[];
  onOpen: (delivery: Delivery) => void;
}

function DeliveryTable({ deliveries, onOpen }: DeliveryTableProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" });
  return (
    <Table
      label={text("webhooks.deliveries")}
      columns={[
        text("audit.time"),
        text("webhooks.event"),
        text("webhooks.status"),
        text("webhooks.answer"),
        text("keys.actions"),
      ]}
    >
      {deliveries.map((each) => (
        <tr key={each.id}>
          <td className="whitespace-nowrap">{time.format(new Date(each.created_at))}</td>
          <td className="min-w-56 break-words">{each.type}</td>
          <td>
            <StatusBadge status={each.status} />
            {each.status === "pending" && each.attempts > 0 && each.due_at ? (
              <span className="block text-sm text-ink-soft">
                {text("webhooks.next", { time: time.format(new Date(each.due_at)) })}
              </span>
            ) : null}
          </td>
          <td>
            {each.last_status_code ?? each.last_error ?? "–"}
            {each.attempts > 1 ? (
              <span className="block text-sm text-ink-soft">
                {text("webhooks.attempts", { count: each.attempts })}
              </span>
            ) : null}
          </td>
          <td>
            <Button onClick={() => onOpen(each)}>{text("webhooks.details")}</Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function ReplaySince({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const [since, setSince] = useState("");
  const [all, setAll] = useState(false);
  const replay = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/webhooks/{webhook_id}/replay", {
          params: { path: { webhook_id: webhook.id } },
          body: { since: new Date(since).toISOString(), include_delivered: all },
        }),
      ),
    onSuccess: () => webhooksChanged(queries),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replay.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field
        label={text("audit.since")}
        type="datetime-local"
        required
        value={since}
        onChange={(event) => setSince(event.target.value)}
      />
      <Check
        label={text("webhooks.includeDelivered")}
        checked={all}
        onChange={(event) => setAll(event.target.checked)}
      />
      {replay.error ? <ErrorNote error={replay.error} /> : null}
      <p role="status" className="m-0">
        {replay.data
          ? text(replay.data.more ? "webhooks.replayedMore" : "webhooks.replayed", {
              count: replay.data.replayed,
            })
          : ""}
      </p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{text(replay.data ? "common.close" : "common.cancel")}</Button>
        <Button kind="primary" type="submit" busy={replay.isPending} disabled={!since}>
          {text("webhooks.replay")}
        </Button>
      </div>
    </form>
  );
}
