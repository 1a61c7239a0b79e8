import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import type { Found } from "@/kit/finder";

export type Group = Schema["Group"];
const FOUND_MAX = 8;

/** The groups whose names begin with `query`. */
export const groupList = (query: string) =>
  infiniteQueryOptions({
    queryKey: ["groups", query],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/groups", {
          params: {
            query: { ...(query ? { query } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** One group. */
export const group = (id: string) =>
  queryOptions({
    queryKey: ["group", id],
    queryFn: () => unwrap(api.GET("/v1/groups/{group_id}", { params: { path: { group_id: id } } })),
  });

/** Who is in a group itself. */
export const memberList = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["group", id, "members"],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/groups/{group_id}/members", {
          params: { path: { group_id: id }, query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Ask anew for whatever shows groups. */
export async function groupsChanged(queries: QueryClient): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["groups"] }),
    queries.invalidateQueries({ queryKey: ["group"] }),
  ]);
}

/** A few groups by the beginning of their names, but those of `without`. */
export async function findGroups(query: string, without: string[]): Promise<Found[]> {
  const page = await unwrap(
    api.GET("/v1/groups", { params: { query: { query, limit: FOUND_MAX + without.length } } }),
  );
  return page.items.filter((each) => !without.includes(each.id)).slice(0, FOUND_MAX);
}

/** A few people by name or address. */
export async function findPeople(query: string) {
  const page = await unwrap(
    api.GET("/v1/people", { params: { query: { query, limit: FOUND_MAX } } }),
  );
  return page.items.map(({ id, name, email }) => ({ id, name, about: email }));
}

/** The same, for places that look for the same people at once. */
export const peopleFound = (query: string) =>
  queryOptions({
    queryKey: ["people", "found", query],
    staleTime: 10_000,
    queryFn: () => findPeople(query),
  });
