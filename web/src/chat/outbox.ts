// What was written and is not yet in the log. An entry is kept until the log shows it; sending it
// twice is safe, for its key is appended once.
import { changed, matches } from "./log";
import type { Event, Filter, Message, NewEvent } from "./model";
import type { Refusal } from "./refused";

export interface Entry {
  key: string;
  room_id: string;
  made_at: string;
  event: NewEvent;
  /** `sent` has a number, and waits for the log to show it. */
  state: "waiting" | "sending" | "sent" | "failed";
  number?: number;
  problem?: string;
  /** Set if the rules of the room refused it. */
  refused?: Refusal;
}

export type Outbox = readonly Entry[];

/** The outbox as it was kept: what was under way must be sent again. */
export function restored(kept: Outbox): Outbox {
  return [...kept]
    .map((each) => (each.state === "sending" ? { ...each, state: "waiting" as const } : each))
    .sort((one, other) => one.made_at.localeCompare(other.made_at));
}

/** What to send next: the first of each room that nothing of the same room is before. */
export function due(outbox: Outbox): Entry[] {
  const rooms = new Set<string>();
  const found: Entry[] = [];
  for (const each of outbox) {
    if (each.state === "failed" || each.state === "sent" || rooms.has(each.room_id)) continue;
    rooms.add(each.room_id);
    if (each.state === "waiting") found.push(each);
  }
  return found;
}

/** The outbox with one entry changed. */
export function marked(outbox: Outbox, key: string, change: Partial<Entry>): Outbox {
  return outbox.map((each) => (each.key === key ? { ...each, ...change } : each));
}

/** The outbox without an entry. */
export function without(outbox: Outbox, key: string): Outbox {
  return outbox.filter((each) => each.key !== key);
}

/** The outbox without what the log of a room shows: by key, or by number if it was heard before. */
export function seen(
  outbox: Outbox,
  room_id: string,
  head: number,
  events: readonly Event[],
): Outbox {
  const keys = new Set(events.map((each) => each.client_key));
  const rest = outbox.filter(
    (each) =>
      each.room_id !== room_id ||
      !(keys.has(each.key) || (each.number !== undefined && each.number <= head)),
  );
  return rest.length === outbox.length ? outbox : rest;
}

/** A message as the reader shall see it, and what of it is not in the log yet. */
export interface Shown<M extends Message = Message> {
  message: M;
  entry: Entry | null;
}

/** Messages with what was written and is not yet in the log. */
export function withPending<M extends Message>(
  messages: readonly M[],
  outbox: Outbox,
  room_id: string,
  me: string,
  filter: Filter,
  isAtEnd: boolean,
): Shown<Message>[] {
  const mine = outbox.filter((each) => each.room_id === room_id);
  const about = mine.filter((each) => each.event.target);
  const shown: Shown<Message>[] = messages.map((message) => {
    const entries = about.filter((each) => each.event.target === message.number);
    return {
      message: entries.reduce<Message>(
        (now, each) => (each.state === "failed" ? now : changed(now, eventOf(each, me))),
        message,
      ),
      entry: entries.findLast((each) => each.event.kind !== "reaction") ?? null,
    };
  });
  if (!isAtEnd) return shown;
  for (const entry of mine) {
    if (entry.event.kind !== "message") continue;
    const message = draftMessage(entry, me);
    if (matches(message, filter)) shown.push({ message, entry });
  }
  return shown;
}

function draftMessage(entry: Entry, me: string): Message {
  const { event } = entry;
  return {
    number: 0,
    sender_id: me,
    created_at: entry.made_at,
    text: event.text ?? "",
    revision: 0,
    topic: event.topic ?? null,
    thread: event.thread ?? null,
    mentions: event.mentions ?? [],
    groups: event.groups ?? [],
    to_all: event.to_all ?? false,
    to_here: event.to_here ?? false,
    edited_at: null,
    is_deleted: false,
    is_pinned: false,
    reactions: [],
    files: event.files ?? [],
  };
}

function eventOf(entry: Entry, me: string): Event {
  const { kind, target, topic, ...body } = entry.event;
  return {
    room_id: entry.room_id,
    number: 0,
    sender_id: me,
    device: "",
    client_key: entry.key,
    kind,
    created_at: entry.made_at,
    target,
    topic,
    body,
  };
}
