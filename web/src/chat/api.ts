import { api, type Schema, unwrap } from "@/api/client";
import type { Event, Filter, HistoryPage, Room } from "./model";
import type { Entry } from "./outbox";

const PAGE = 50;
const LOG_PAGE = 500;
const ROOMS_PAGE = 200;
const NAMES_MAX = 100;

/** Which page of history: the last one, one beside a number, or one from a time on. */
export type Where = { before: number } | { after: number } | { at: string } | Record<string, never>;

/** A page of messages as they stand. */
export function readHistory(
  room: string,
  filter: Filter,
  where: Where,
  limit = PAGE,
): Promise<HistoryPage> {
  const query = { ...filter, ...where, limit };
  return unwrap(
    api.GET("/v1/rooms/{room_id}/messages", { params: { path: { room_id: room }, query } }),
  );
}

/** What follows a number in a room's log. */
export async function readLog(
  room: string,
  after: number,
): Promise<{ events: Event[]; head: number }> {
  const page = await unwrap(
    api.GET("/v1/rooms/{room_id}/events", {
      params: { path: { room_id: room }, query: { after, limit: LOG_PAGE } },
    }),
  );
  return page as { events: Event[]; head: number };
}

/** All rooms of the person who is signed in. */
export async function readRooms(): Promise<Room[]> {
  const rooms: Room[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const query: { limit: number; cursor?: string } = { limit: ROOMS_PAGE };
    if (cursor) query.cursor = cursor;
    const page: Schema["Page_hanse.chat.rooms.model.Room_"] = await unwrap(
      api.GET("/v1/rooms", { params: { query } }),
    );
    rooms.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  }
  return rooms;
}

/** One room, with what is unread there. */
export function readRoom(id: string): Promise<Room> {
  return unwrap(api.GET("/v1/rooms/{room_id}", { params: { path: { room_id: id } } }));
}

/** Keep how one reads a room, on all devices. */
export async function keepReading(room: string, reading: Schema["Reading"]): Promise<void> {
  const params = { path: { room_id: room } };
  await unwrap(api.PUT("/v1/rooms/{room_id}/preferences", { params, body: { reading } }));
}

/** Append what was written; the answer says where it stands. */
export async function append(entry: Entry, device: string): Promise<number> {
  const { event } = entry;
  const files = event.files?.map((each) => each.id);
  const body = {
    text: "",
    to_all: false,
    to_here: false,
    on: true,
    ...event,
    files,
    client_key: entry.key,
    device,
  };
  const appended = await unwrap(
    api.POST("/v1/rooms/{room_id}/events", {
      params: { path: { room_id: entry.room_id } },
      body,
    }),
  );
  return appended.number;
}

/** What these members are called. */
export async function readNames(ids: string[]): Promise<Record<string, string>> {
  const found = await inParts(ids, (query) => api.GET("/v1/chat/names", { params: { query } }));
  return Object.assign({}, ...found);
}

/** Ask about many members, a page of them at a time. */
async function inParts<T>(
  ids: string[],
  ask: (query: { id: string[] }) => Parameters<typeof unwrap<T>>[0],
): Promise<T[]> {
  const found: T[] = [];
  for (let first = 0; first < ids.length; first += NAMES_MAX) {
    found.push(await unwrap(ask({ id: ids.slice(first, first + NAMES_MAX) })));
  }
  return found;
}

/** Which of these members are programs. */
export async function readBots(ids: string[]): Promise<string[]> {
  return (await inParts(ids, (query) => api.GET("/v1/chat/bots", { params: { query } }))).flat();
}

/** Which of these members are guests of the organisation. */
export async function readGuests(ids: string[]): Promise<string[]> {
  return (await inParts(ids, (query) => api.GET("/v1/chat/guests", { params: { query } }))).flat();
}

/** The programs of a room, deleted ones at the end. */
export function readPrograms(room: string): Promise<Schema["RoomProgram"][]> {
  return unwrap(api.GET("/v1/rooms/{room_id}/programs", { params: { path: { room_id: room } } }));
}

/** Say how far one has read. */
export async function markRead(room: string, number: number, isBack = false): Promise<void> {
  const body = { number, is_back: isBack };
  await unwrap(api.PUT("/v1/rooms/{room_id}/read", { params: { path: { room_id: room } }, body }));
}

/** Ask for translations of these messages into what the reader reads. */
export async function wantTranslations(room: string, numbers: number[]): Promise<void> {
  const params = { path: { room_id: room } };
  await unwrap(api.POST("/v1/rooms/{room_id}/translations", { params, body: { numbers } }));
}
