import type { QueryClient } from "@tanstack/react-query";
import type { Notification } from "./model";
import { notificationCounts, notificationsChanged } from "./queries";

const NAME = "hanse.notifications";
const STREAM = "/v1/me/notifications/stream";

interface Message {
  event: "counts" | "notification" | "reset";
  data: string;
}

/**
 * Follow what happens in the inbox until `signal` says to stop. Of the tabs of a browser one has
 * the stream and tells the others, where browsers can do that; else each has its own.
 */
export function follow(tell: (message: Message) => void, signal: AbortSignal): void {
  if (!navigator.locks || typeof BroadcastChannel === "undefined") {
    listen(tell, signal);
    return;
  }
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event) => tell(event.data as Message);
  signal.addEventListener("abort", () => channel.close());
  const lead = () =>
    new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
      listen((message) => {
        tell(message);
        channel.postMessage(message);
      }, signal);
    });
  navigator.locks.request(NAME, { signal }, lead).catch(() => undefined);
}

function listen(tell: (message: Message) => void, signal: AbortSignal): void {
  const source = new EventSource(STREAM);
  for (const event of ["counts", "notification", "reset"] as const) {
    source.addEventListener(event, ({ data }) => tell({ event, data }));
  }
  signal.addEventListener("abort", () => source.close());
}

/** Put what happened into what is shown; returns a notification that is new to the reader. */
export function taken(queries: QueryClient, { event, data }: Message): Notification | null {
  if (event === "counts") {
    queries.setQueryData(notificationCounts.queryKey, JSON.parse(data));
    return null;
  }
  void notificationsChanged(queries);
  if (event === "reset") return null;
  const notification = JSON.parse(data) as Notification;
  return notification.read_at === null ? notification : null;
}
