// What events come to: the same rules as the server's, so that nothing is asked for twice.
import type { Event, Filter, Message } from "./model";

/** The message that an event of the kind `message` puts into the log. */
export function messageOf(event: Event): Message {
  return {
    number: event.number,
    sender_id: event.sender_id,
    created_at: event.created_at,
    text: event.body.text ?? "",
    revision: event.number,
    topic: event.topic ?? null,
    thread: event.thread ?? null,
    mentions: event.body.mentions ?? [],
    groups: event.body.groups ?? [],
    to_all: event.body.to_all ?? false,
    to_here: event.body.to_here ?? false,
    edited_at: null,
    is_deleted: event.is_redacted ?? false,
    is_pinned: false,
    reactions: [],
    files: event.body.files ?? [],
    username: event.body.username ?? null,
    program_id: event.body.program_id,
    card: event.body.card,
  };
}

/** Whether an event moves a message to another topic, alone or with others of its topic. */
export function moves({ kind, target, number, body }: Event, message: Message): boolean {
  if (kind !== "topic") return false;
  if (target) return target === message.number;
  if (!body.from_topic || body.from_topic !== message.topic) return false;
  return message.number >= (body.since ?? 1) && message.number < number;
}

/** A message after an event that concerns it; nothing changes a deleted one but for its topic. */
export function changed(message: Message, event: Event): Message {
  if (moves(event, message)) return { ...message, topic: event.topic ?? null };
  if (message.is_deleted) return message;
  const { body } = event;
  switch (event.kind) {
    case "edit":
      return {
        ...message,
        text: body.text ?? "",
        mentions: body.mentions ?? [],
        groups: body.groups ?? [],
        to_all: body.to_all ?? false,
        to_here: body.to_here ?? false,
        card: body.card,
        revision: event.number,
        edited_at: event.created_at,
      };
    case "delete":
      return {
        ...message,
        text: "",
        revision: message.number,
        mentions: [],
        groups: [],
        to_all: false,
        to_here: false,
        edited_at: null,
        is_deleted: true,
        is_pinned: false,
        reactions: [],
        files: [],
        username: null,
        program_id: undefined,
        card: undefined,
      };
    case "reaction":
      return { ...message, reactions: reacted(message, event) };
    case "pin":
      return { ...message, is_pinned: body.on ?? true };
    default:
      return message;
  }
}

function reacted(message: Message, { body, sender_id }: Event): Message["reactions"] {
  const emoji = body.emoji ?? "";
  const isOn = body.on ?? true;
  const known = message.reactions.some((each) => each.emoji === emoji);
  const all = known ? message.reactions : [...message.reactions, { emoji, member_ids: [] }];
  return all
    .map((each) => {
      if (each.emoji !== emoji) return each;
      const had = each.member_ids.includes(sender_id);
      if (isOn) return had ? each : { ...each, member_ids: [...each.member_ids, sender_id] };
      return { ...each, member_ids: each.member_ids.filter((id) => id !== sender_id) };
    })
    .filter((each) => each.member_ids.length > 0);
}

/** Whether a message stands among those that are shown together. */
export function matches(message: Pick<Message, "topic" | "thread">, filter: Filter): boolean {
  if (filter.thread !== undefined) return message.thread === filter.thread;
  return filter.topic === undefined || message.topic === filter.topic;
}
