import type { Schema } from "@/api/client";

export type Room = Schema["Room"];
export type RoomMember = Schema["RoomMember"];
export type Message = Schema["Message"];
export type Translated = Schema["Translated"];
export type Previewed = Schema["Previewed"];
export type HistoryPage = Schema["HistoryPage"];

/** A field of a card's form. */
export interface CardField {
  name: string;
  label: string;
  kind?: Schema["Field"]["kind"];
  choices?: string[];
  is_required?: boolean;
}

/** What a card shows; in the log, what is empty is left out. */
export interface Card {
  title: string;
  text?: string;
  fields?: CardField[];
  buttons?: Schema["Button"][];
}

export type Kind =
  | "message"
  | "edit"
  | "delete"
  | "reaction"
  | "pin"
  | "topic"
  | "members"
  | "room"
  | "press"
  | "timer"
  | "http"
  | "translation"
  | "program";

/** What an event says; what is left out has its default. */
export interface Body {
  text?: string;
  mentions?: string[];
  groups?: string[];
  to_all?: boolean;
  to_here?: boolean;
  files?: Message["files"];
  emoji?: string | null;
  on?: boolean;
  members?: string[];
  role?: string | null;
  name?: string | null;
  description?: string | null;
  is_archived?: boolean | null;
  username?: string | null;
  program_id?: string | null;
  card?: Message["card"];
  from_topic?: string | null;
  since?: number | null;
  is_resolved?: boolean | null;
}

/** One entry of a room's log. Numbers are dense from 1. */
export interface Event {
  room_id: string;
  number: number;
  sender_id: string;
  device: string;
  client_key: string;
  kind: Kind;
  created_at: string;
  body: Body;
  target?: number | null;
  thread?: number | null;
  topic?: string | null;
  is_redacted?: boolean;
}

/** Something to append to a room's log, without the keys that make it unique. */
export interface NewEvent {
  kind: "message" | "edit" | "delete" | "reaction" | "pin" | "topic";
  text?: string;
  mentions?: string[];
  groups?: string[];
  to_all?: boolean;
  to_here?: boolean;
  topic?: string | null;
  thread?: number | null;
  target?: number | null;
  emoji?: string;
  on?: boolean;
  files?: Message["files"];
}

/** Which messages of a room are shown together: all, those of a topic, or those of a thread. */
export interface Filter {
  topic?: string;
  thread?: number;
}
