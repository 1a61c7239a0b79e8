import { useText } from "@/i18n";
import { Badge } from "@/kit";
import type { DeliveryStatus, Webhook } from "./queries";

/** Whether a webhook is on, and if not, why. */
export function WebhookState({ webhook }: { webhook: Webhook }) {
  const text = useText();
  if (webhook.disabled_reason) {
    return <Badge tone="bad">{text(`webhooks.disabled.${webhook.disabled_reason}`)}</Badge>;
  }
  if (!webhook.active) return <Badge>{text("providers.off")}</Badge>;
  if (webhook.failures > 0) {
    return <Badge tone="bad">{text("webhooks.failing", { count: webhook.failures })}</Badge>;
  }
  return <Badge tone="good">{text("providers.on")}</Badge>;
}

const TONES = { pending: "plain", delivered: "good", failed: "bad" } as const;

/** What became of a delivery. */
export function StatusBadge({ status }: { status: DeliveryStatus }) {
  const text = useText();
  return <Badge tone={TONES[status]}>{text(`webhooks.status.${status}`)}</Badge>;
}
