import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { beginChat } from "./current";
import { roomList } from "./queries";
import { unreadTotal } from "./summary";

const MOST = 99;

/** What is unread in the chat, beside its name in the navigation; it keeps the chat running. */
export function ChatUnread({ person }: { person: string }) {
  const text = useText();
  const queries = useQueryClient();
  const mayRead = usePermissions().includes("chat:read");
  useEffect(() => (mayRead ? beginChat(person, queries) : undefined), [mayRead, person, queries]);
  const rooms = useQuery({ ...roomList, enabled: false }).data ?? [];
  const unread = unreadTotal(rooms);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Hanse` : "Hanse";
  }, [unread]);
  if (unread === 0) return null;
  return (
    <span className="rounded-full bg-accent px-1.5 text-xs leading-4.5 font-medium text-on-accent">
      <span aria-hidden="true">{unread > MOST ? `${MOST}+` : unread}</span>
      <span className="sr-only">{text("chat.unread", { count: unread, mentions: 0 })}</span>
    </span>
  );
}
