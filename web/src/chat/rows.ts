import type { Message } from "./model";
import type { Shown } from "./outbox";

const TOGETHER_MS = 5 * 60_000;

/** What stands below each other in a room. */
export type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: "unread" }
  | { kind: "message"; key: string; shown: Shown<Message>; isFirst: boolean };

/**
 * Messages with a line for each day and one before what is unread. `isFirst` are those that say who
 * wrote; the others follow their writer's last one soon after.
 */
export function rowsOf(
  messages: readonly Shown<Message>[],
  unreadAfter: number | null,
  me: string,
): Row[] {
  const rows: Row[] = [];
  let last: Message | null = null;
  let isMarked = unreadAfter === null;
  for (const shown of messages) {
    const { message, entry } = shown;
    const day = new Date(message.created_at).toDateString();
    const isNewDay = last === null || new Date(last.created_at).toDateString() !== day;
    if (isNewDay) rows.push({ kind: "day", key: day, at: message.created_at });
    const isUnread: boolean =
      !isMarked && message.sender_id !== me && message.number > (unreadAfter ?? 0);
    if (isUnread) {
      rows.push({ kind: "unread", key: "unread" });
      isMarked = true;
    }
    const isFirst: boolean =
      isNewDay ||
      isUnread ||
      last === null ||
      last.sender_id !== message.sender_id ||
      (last.username ?? null) !== (message.username ?? null) ||
      last.thread !== message.thread ||
      last.topic !== message.topic ||
      Date.parse(message.created_at) - Date.parse(last.created_at) > TOGETHER_MS;
    const key = message.number ? String(message.number) : (entry?.key ?? "");
    rows.push({ kind: "message", key, shown, isFirst });
    last = message;
  }
  return rows;
}
