// What travels over the socket (docs/asyncapi.json).
import type { Event, Previewed, Translated } from "./model";

export type ToServer =
  | { op: "hello"; ticket: string }
  | { op: "subscribe"; rooms: Record<string, number | null> }
  | { op: "unsubscribe"; rooms: string[] }
  | { op: "read"; room_id: string; number: number; is_back?: boolean }
  | { op: "typing"; room_id: string }
  | { op: "watch"; member_ids: string[] };

export type FromServer =
  | { op: "welcome"; member_id: string; rooms: Record<string, number>; heartbeat_s: number }
  | { op: "subscribed"; rooms: Record<string, number>; gone: string[] }
  | { op: "events"; room_id: string; events: Event[] }
  | { op: "limited"; room_id: string; head: number }
  | { op: "read"; room_id: string; read_number: number }
  | { op: "joined"; room_id: string; head: number }
  | { op: "left"; room_id: string }
  | Annotation
  | { op: "typing"; room_id: string; member_ids: string[] }
  | { op: "presence"; online: string[]; offline: string[] }
  | { op: "heads"; rooms: Record<string, number> }
  | { op: "pong" }
  | { op: "sent" }
  | { op: "error"; code: string; detail: string };

/** What is told of a message besides the log. */
export type Annotation =
  | { op: "translation"; translation: Translated }
  | { op: "previews"; previewed: Previewed };

export const PROTOCOL = "hanse.chat.v1+json";
/** Rooms that one `subscribe` may name. */
export const ROOMS_AT_ONCE_MAX = 500;
/** Members that one may watch. */
export const WATCHED_MAX = 200;
