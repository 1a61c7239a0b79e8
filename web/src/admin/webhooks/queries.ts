import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Webhook = Schema["Webhook"];
export type Delivery = Schema["WebhookDelivery"];
export type DeliveryStatus = Delivery["status"];

const ASK_EVERY_MS = 2000;

/** The addresses that events are sent to. */
export const webhookList = infiniteQueryOptions({
  queryKey: ["webhooks"],
  initialPageParam: "",
  queryFn: ({ pageParam }) =>
    unwrap(api.GET("/v1/webhooks", { params: { query: pageParam ? { cursor: pageParam } : {} } })),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** One webhook. */
export const webhook = (id: string) =>
  queryOptions({
    queryKey: ["webhook", id],
    queryFn: () =>
      unwrap(api.GET("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: id } } })),
  });

/** The kinds of events that there are. */
export const eventTypes = queryOptions({
  queryKey: ["webhook-event-types"],
  staleTime: 300_000,
  queryFn: () => unwrap(api.GET("/v1/webhook-event-types")),
});

/** What was sent, newest first; asked again while something is on its way. */
export const deliveryList = (id: string, status: DeliveryStatus | "") =>
  infiniteQueryOptions({
    queryKey: ["webhook", id, "deliveries", status],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/webhooks/{webhook_id}/deliveries", {
          params: {
            path: { webhook_id: id },
            query: { ...(status ? { status } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.items.some((each) => isMoving(each)))
        ? ASK_EVERY_MS
        : false,
  });

/** Whether something will happen to a delivery soon, rather than in minutes or hours. */
function isMoving(delivery: Delivery): boolean {
  if (delivery.status !== "pending") return false;
  return !delivery.due_at || Date.parse(delivery.due_at) - Date.now() < 10_000;
}

/** One delivery with what was sent and what came back. */
export const delivery = (id: string, deliveryId: string) =>
  queryOptions({
    queryKey: ["webhook", id, "delivery", deliveryId],
    queryFn: () =>
      unwrap(
        api.GET("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", {
          params: { path: { webhook_id: id, delivery_id: deliveryId } },
        }),
      ),
  });

/** Ask anew for whatever shows webhooks. */
export async function webhooksChanged(queries: QueryClient): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["webhooks"] }),
    queries.invalidateQueries({ queryKey: ["webhook"] }),
  ]);
}
