import { ask } from "./ask";
import type { PushTarget } from "./model";

/** Whether this browser can get push messages. */
export const canPush =
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** Let this browser get push messages. Throws DOMException if it or its person does not want to. */
export async function subscribe(publicKey: string): Promise<void> {
  const registration = await navigator.serviceWorker.ready;
  if ((await Notification.requestPermission()) !== "granted") {
    throw new DOMException("", "NotAllowedError");
  }
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: publicKey,
  });
  await tell(subscription);
}

/** A subscription ends with its session: tell the server of that of this browser, if it has one. */
export async function renew(): Promise<void> {
  if (!canPush || Notification.permission !== "granted") return;
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) await tell(subscription).catch(() => undefined);
}

async function tell(subscription: PushSubscription): Promise<void> {
  await ask<PushTarget>("POST", "push-subscriptions", subscription.toJSON());
}
