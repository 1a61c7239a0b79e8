import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useContext } from "react";
import { api, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Button, ErrorNote, Skeleton } from "@/kit";
import { delivery, webhooksChanged } from "./queries";
import { StatusBadge } from "./state";

interface DeliveryDetailsProps {
  webhookId: string;
  deliveryId: string;
  mayWrite: boolean;
}

/** One delivery: what was sent, each attempt, and sending it again. */
export function DeliveryDetails({ webhookId, deliveryId, mayWrite }: DeliveryDetailsProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const queries = useQueryClient();
  const found = useQuery(delivery(webhookId, deliveryId));
  const replay = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", {
          params: { path: { webhook_id: webhookId, delivery_id: deliveryId } },
        }),
      ),
    onSuccess: () => webhooksChanged(queries),
  });
  if (found.error) return <ErrorNote error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton className="h-60 w-full" />;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  return (
    <div className="grid gap-4">
      <div>
        <StatusBadge status={found.data.status} />
      </div>
      <Block title={text("webhooks.body")} content={pretty(found.data.body)} />
      {found.data.attempt_log.map((each, index) => (
        <div key={each.at} className="grid gap-1 border-t border-line pt-3">
          <p className="m-0 font-medium">
            {text("webhooks.attempt", { number: index + 1 })}
            <span className="font-normal text-ink-soft">
              {" · "}
              {time.format(new Date(each.at))} · {each.duration_ms} ms
              {each.status_code ? ` · HTTP ${each.status_code}` : ""}
            </span>
          </p>
          {each.error ? <p className="m-0 text-bad">{each.error}</p> : null}
          {each.response ? <Block title={text("webhooks.answer")} content={each.response} /> : null}
        </div>
      ))}
      {replay.error ? <ErrorNote error={replay.error} /> : null}
      {mayWrite ? (
        <div className="flex items-center justify-end gap-3">
          <span role="status" className="text-good">
            {replay.isSuccess ? text("webhooks.again") : ""}
          </span>
          <Button kind="primary" busy={replay.isPending} onClick={() => replay.mutate()}>
            {text("webhooks.replay")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Block({ title, content }: { title: string; content: string }) {
  return (
    <section aria-label={title} className="min-w-0">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable */}
      <pre tabIndex={0} className="m-0 max-h-60 overflow-auto rounded-lg bg-sunken p-3 text-sm">
        {content}
      </pre>
    </section>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
