import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { api, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Button, Card, Check, Copyable, Dialog, ErrorNote } from "@/kit";
import { type Webhook, webhooksChanged } from "./queries";

/** A new secret, which is shown this once. */
export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const text = useText();
  return (
    <div className="grid gap-4">
      <p className="m-0">{text("webhooks.secretOnce")}</p>
      <Copyable value={secret} />
      <div className="flex justify-end">
        <Button kind="primary" onClick={onClose}>
          {text("common.close")}
        </Button>
      </div>
    </div>
  );
}

/** The secret that signs what is sent, and how to change it. */
export function SecretCard({ webhook, mayWrite }: { webhook: Webhook; mayWrite: boolean }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const [rotating, setRotating] = useState(false);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const until = webhook.previous_secret_valid_until;
  return (
    <Card title={text("webhooks.secret")} about={text("webhooks.secretAbout")}>
      {until && Date.parse(until) > Date.now() ? (
        <p className="m-0">
          {text("webhooks.previousUntil", { time: time.format(new Date(until)) })}
        </p>
      ) : null}
      {mayWrite ? (
        <div>
          <Button onClick={() => setRotating(true)}>{text("webhooks.rotate")}</Button>
        </div>
      ) : null}
      <Dialog title={text("webhooks.rotate")} open={rotating} onClose={() => setRotating(false)}>
        <Rotate webhook={webhook} onClose={() => setRotating(false)} />
      </Dialog>
    </Card>
  );
}

function Rotate({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const [revoke, setRevoke] = useState(false);
  const rotate = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/webhooks/{webhook_id}/secret", {
          params: { path: { webhook_id: webhook.id } },
          body: { revoke_previous: revoke },
        }),
      ),
    onSuccess: () => webhooksChanged(queries),
  });
  if (rotate.data) return <Secret secret={rotate.data.secret} onClose={onClose} />;
  return (
    <div className="grid gap-4">
      <p className="m-0">{text("webhooks.rotateAsk")}</p>
      <Check
        label={text("webhooks.revokePrevious")}
        checked={revoke}
        onChange={(event) => setRevoke(event.target.checked)}
      />
      {rotate.error ? <ErrorNote error={rotate.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{text("common.cancel")}</Button>
        <Button kind="primary" busy={rotate.isPending} onClick={() => rotate.mutate()}>
          {text("webhooks.rotate")}
        </Button>
      </div>
    </div>
  );
}
