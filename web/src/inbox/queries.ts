import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { ask } from "./ask";
import type { Counts, Notification, Page, Preferences, PushTarget } from "./model";

/** The notifications of the person who is signed in, newest first. */
export const notificationList = (unreadOnly: boolean) =>
  infiniteQueryOptions({
    queryKey: ["notifications", unreadOnly],
    initialPageParam: "",
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({
        ...(unreadOnly ? { unread: "true" } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      });
      return ask<Page<Notification>>("GET", `notifications?${query}`);
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** How many they have not read. */
export const notificationCounts = queryOptions({
  queryKey: ["notification-counts"],
  staleTime: 60_000,
  queryFn: () => ask<Counts>("GET", "notifications/counts"),
});

/** Of what they want to hear, how and when. */
export const notificationPreferences = queryOptions({
  queryKey: ["notification-preferences"],
  queryFn: () => ask<Preferences>("GET", "notification-preferences"),
});

/** The browsers that they get push messages in. */
export const pushSubscriptions = queryOptions({
  queryKey: ["push-subscriptions"],
  queryFn: () => ask<PushTarget[]>("GET", "push-subscriptions"),
});

/** Ask anew for the list, wherever it is shown. */
export async function notificationsChanged(queries: QueryClient): Promise<void> {
  await queries.invalidateQueries({ queryKey: ["notifications"] });
}
