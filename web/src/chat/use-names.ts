import { useEffect } from "react";
import { useText } from "@/i18n";
import type { Chat } from "./chat";
import type { Message, Room } from "./model";
import { useSignal } from "./signal";

export type NameOf = (id: string) => string;

/** What these members are called; whoever is not known yet has no name for a moment. */
export function useNames(chat: Chat, ids: readonly string[]): NameOf {
  const known = useSignal(chat.names.known);
  useEffect(() => chat.names.want(ids), [chat, ids]);
  return (id) => known[id] ?? "";
}

/** Lets the programs among the senders of a room's messages be known by name. */
export function useProgramNames(chat: Chat, room: string, messages: readonly Message[]): void {
  const ids = [...new Set(messages.flatMap((each) => each.program_id ?? []))].join(" ");
  useEffect(() => {
    if (ids) void chat.names.wantPrograms(room, ids.split(" "));
  }, [chat, room, ids]);
}

/** What a room is called: by its name, or by who else is in it. */
export function useRoomName(chat: Chat, rooms: readonly Room[]): (room: Room) => string {
  const text = useText();
  const known = useSignal(chat.names.known);
  useEffect(() => chat.names.want(rooms.flatMap((room) => room.member_ids)), [chat, rooms]);
  return (room) => {
    if (room.kind === "channel") return room.name;
    const others = room.member_ids.filter((id) => id !== chat.me);
    return others.map((id) => known[id] ?? "…").join(", ") || text("chat.nobodyElse");
  };
}

/** The first letters of a name, for a picture of somebody. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}
