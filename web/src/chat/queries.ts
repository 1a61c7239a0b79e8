import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { readHistory, readRoom, readRooms } from "./api";
import type { RoomMember } from "./model";

const MEMBERS_SHOWN_MAX = 1000;

/** The rooms of the person who is signed in; events keep them up to date. */
export const roomList = queryOptions({
  queryKey: ["chat", "rooms"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: readRooms,
});

/** One room, for somebody who only looks in. */
export const roomById = (id: string) =>
  queryOptions({ queryKey: ["chat", "room", id], queryFn: () => readRoom(id) });

/** The public channels. */
export const channelList = infiniteQueryOptions({
  queryKey: ["chat", "channels"],
  initialPageParam: "",
  queryFn: ({ pageParam }) =>
    unwrap(api.GET("/v1/channels", { params: { query: pageParam ? { cursor: pageParam } : {} } })),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

const readFound = (q: string, cursor: string) =>
  unwrap(api.GET("/v1/chat/search", { params: { query: { q, ...(cursor ? { cursor } : {}) } } }));

/** A message that was found. */
export type Hit = Awaited<ReturnType<typeof readFound>>["items"][number];

/** Messages with these words, newest first; nothing is asked for without words. */
export const foundMessages = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["chat", "found", q],
    enabled: q !== "",
    staleTime: 0,
    initialPageParam: "",
    queryFn: ({ pageParam }) => readFound(q, pageParam),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Who is in a room, the first thousand. */
export const memberList = (room: string) =>
  queryOptions({
    queryKey: ["chat", "members", room],
    staleTime: 300_000,
    queryFn: async () => {
      const members: RoomMember[] = [];
      let cursor = "";
      do {
        const page = await unwrap(
          api.GET("/v1/rooms/{room_id}/members", {
            params: {
              path: { room_id: room },
              query: { limit: 200, ...(cursor ? { cursor } : {}) },
            },
          }),
        );
        members.push(...page.items);
        cursor = page.next_cursor ?? "";
      } while (cursor && members.length < MEMBERS_SHOWN_MAX);
      return members;
    },
  });

/** The topics of a room, the one written in last first. */
export const topicList = (room: string) =>
  queryOptions({
    queryKey: ["chat", "topics", room],
    queryFn: () =>
      unwrap(api.GET("/v1/rooms/{room_id}/topics", { params: { path: { room_id: room } } })),
  });

/** A message with all that happened to it. */
export const messagePast = (room: string, number: number) =>
  queryOptions({
    queryKey: ["chat", "past", room, number],
    staleTime: 0,
    queryFn: () =>
      unwrap(
        api.GET("/v1/rooms/{room_id}/messages/{number}", {
          params: { path: { room_id: room, number } },
        }),
      ),
  });

/** A page that ends with one message, in the reader's language, too. */
export const messageAt = (room: string, number: number) =>
  queryOptions({
    queryKey: ["chat", "message", room, number],
    queryFn: () => readHistory(room, {}, { before: number + 1 }, 1),
  });

/** What is pinned in a room, pinned last first. */
export const pinnedList = (room: string) =>
  queryOptions({
    queryKey: ["chat", "pinned", room],
    staleTime: 0,
    queryFn: () =>
      unwrap(api.GET("/v1/rooms/{room_id}/pins", { params: { path: { room_id: room } } })),
  });

const readSaved = (cursor: string) =>
  unwrap(api.GET("/v1/chat/saved", { params: { query: cursor ? { cursor } : {} } }));

/** A message that one keeps. */
export type Saved = Awaited<ReturnType<typeof readSaved>>["items"][number];

/** What one keeps for later, kept last first. */
export const savedList = infiniteQueryOptions({
  queryKey: ["chat", "saved"],
  staleTime: 0,
  initialPageParam: "",
  queryFn: ({ pageParam }) => readSaved(pageParam),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});
