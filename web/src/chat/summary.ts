// What the list of rooms says of a room, kept up to date by its events.
import type { Event, Room } from "./model";

/** A room after one of its events, as `me` sees it; null if it must be asked for again. */
export function summaryAfter(room: Room, event: Event, me: string): Room | null {
  if (event.number <= room.head) return room;
  const next = { ...room, head: event.number };
  switch (event.kind) {
    case "message": {
      if (event.sender_id === me || event.is_redacted) return next;
      // Who is in a group, or was there, the server knows.
      if (event.body.to_here || (event.body.groups ?? []).length > 0) return null;
      const isMention = event.body.to_all || (event.body.mentions ?? []).includes(me);
      return { ...next, unread: room.unread + 1, mentions: room.mentions + (isMention ? 1 : 0) };
    }
    // Deleted messages and edited mentions no longer count; which of them were read, the server knows.
    case "delete":
    case "edit":
      return room.unread > 0 && event.sender_id !== me ? null : next;
    case "room":
      return {
        ...next,
        name: event.body.name ?? room.name,
        description: event.body.description ?? room.description,
        is_archived: event.body.is_archived ?? room.is_archived,
      };
    case "members":
      return (event.body.members ?? []).includes(me) ? null : next;
    default:
      return next;
  }
}

/** What is unread in all rooms together. */
export function unreadTotal(rooms: readonly Room[]): number {
  return rooms.reduce((sum, each) => sum + each.unread, 0);
}
