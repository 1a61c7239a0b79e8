import { useLocation, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useText } from "@/i18n";
import { Skeleton } from "@/kit";
import "./chat.css";
import type { Chat } from "./chat";
import { currentChat } from "./current";
import { ReportsPane } from "./reports";
import { RoomPane, type RoomSearch } from "./room";
import { SavedPane } from "./saved";
import { Sidebar } from "./sidebar";
import { useSignal } from "./signal";

/** What stands beside the rooms instead of one of them. */
const PANES: Record<string, (props: { chat: Chat }) => ReactNode> = {
  "/chat/saved": SavedPane,
  "/chat/reports": ReportsPane,
};

/** The chat: rooms at the side, and one of them. */
export function ChatPage() {
  const text = useText();
  const chat = useSignal(currentChat);
  const { roomId } = useParams({ strict: false });
  const pathname = useLocation({ select: (location) => location.pathname });
  const Pane = PANES[pathname];
  const search = useSearch({ strict: false }) as RoomSearch;
  if (!chat) {
    return (
      <div className="grow p-6">
        <h1 className="sr-only">{text("nav.chat")}</h1>
        <Skeleton className="h-60 w-full" />
      </div>
    );
  }
  return (
    <div className="flex h-[calc(100dvh-3.5rem)] min-h-0 bg-paper">
      <Sidebar chat={chat} open={Pane ? pathname : roomId} topic={search.topic} />
      {Pane ? (
        <Pane chat={chat} />
      ) : roomId ? (
        <RoomPane chat={chat} id={roomId} search={search} />
      ) : (
        <div className="flex grow items-center justify-center p-6 text-ink-soft max-md:hidden">
          {text("chat.choose")}
        </div>
      )}
    </div>
  );
}
