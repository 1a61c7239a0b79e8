import { infiniteQueryOptions, queryOptions, useQuery } from "@tanstack/react-query";
import { ApiError, api, unwrap } from "./client";

/** Who is signed in; null for nobody. */
export const me = queryOptions({
  queryKey: ["me"],
  staleTime: 60_000,
  queryFn: async () => {
    try {
      return await unwrap(api.GET("/v1/me"));
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
      throw error;
    }
  },
});

/** The languages of a part of the text API. */
export const languages = (resource: "translate_text" | "translate_document" | "glossary") =>
  queryOptions({
    queryKey: ["languages", resource],
    staleTime: 300_000,
    queryFn: () => unwrap(api.GET("/v3/languages", { params: { query: { resource } } })),
  });

/** All glossaries of the organisation. */
export const glossaries = queryOptions({
  queryKey: ["glossaries"],
  staleTime: 60_000,
  queryFn: async () => (await unwrap(api.GET("/v3/glossaries"))).glossaries,
});

/** The API keys, oldest first. */
export const apiKeys = infiniteQueryOptions({
  queryKey: ["api-keys"],
  initialPageParam: "",
  queryFn: ({ pageParam }) =>
    unwrap(
      api.GET("/v1/api-keys", {
        params: { query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** What the person who is signed in may do. */
export function usePermissions(): readonly string[] {
  return useQuery(me).data?.permissions ?? [];
}
