import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { ErrorNote, Icon, IconButton, Menu, MenuItem, Skeleton } from "@/kit";
import { Browse } from "./browse";
import type { Chat } from "./chat";
import { DraftsList } from "./drafts-list";
import { FindMessages } from "./find-messages";
import type { Room } from "./model";
import { NewChannel, NewDirect } from "./new-room";
import { roomList } from "./queries";
import { useSignal } from "./signal";
import { Topics } from "./topics";
import { useRoomName } from "./use-names";

interface SidebarProps {
  chat: Chat;
  open?: string;
  topic?: string;
}

/** One's rooms, and what is unread in them. */
export function Sidebar({ chat, open, topic }: SidebarProps) {
  const text = useText();
  const permissions = usePermissions();
  const found = useQuery(roomList);
  const rooms = useMemo(() => found.data ?? [], [found.data]);
  const nameOf = useRoomName(chat, rooms);
  const online = useSignal(chat.online);
  const [typed, setTyped] = useState("");
  const [dialog, setDialog] = useState<"channel" | "direct" | "browse" | "find" | null>(null);
  useEffect(() => {
    const find = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey) return;
      if (event.key.toLowerCase() !== "f") return;
      event.preventDefault();
      setDialog("find");
    };
    window.addEventListener("keydown", find);
    return () => window.removeEventListener("keydown", find);
  }, []);
  const others = useMemo(
    () => [...new Set(rooms.flatMap((each) => each.member_ids))].filter((id) => id !== chat.me),
    [rooms, chat.me],
  );
  useEffect(() => chat.watchFor(nameOf, others), [chat, nameOf, others]);
  const wanted = typed.trim().toLowerCase();
  const fits = rooms.filter((each) => nameOf(each).toLowerCase().includes(wanted));
  const byName = (one: Room, other: Room) => nameOf(one).localeCompare(nameOf(other));
  const channels = fits.filter((each) => each.kind === "channel" && !each.is_archived).sort(byName);
  const direct = fits.filter((each) => each.kind === "direct").sort(byName);
  const Title = open ? "h2" : "h1";
  const item = (room: Room) => (
    <li key={room.id}>
      <RoomLink
        room={room}
        name={nameOf(room)}
        isOnline={room.member_ids.some((id) => id !== chat.me && online.has(id))}
      />
      {room.id === open && room.kind === "channel" ? <Topics room={room} chosen={topic} /> : null}
    </li>
  );
  return (
    <aside
      aria-label={text("chat.rooms")}
      className={`flex w-full flex-col border-line bg-surface md:w-72 md:shrink-0 md:border-r ${open ? "max-md:hidden" : ""}`}
    >
      <div className="flex min-h-14 items-center justify-between gap-2 px-4">
        <Title className="m-0 grow text-lg font-semibold">{text("nav.chat")}</Title>
        <IconButton label={text("chat.findMessages")} onClick={() => setDialog("find")}>
          <Icon name="search" />
        </IconButton>
        <Menu label={text("chat.new")} trigger={<Icon name="plus" />}>
          {permissions.includes("people:read") ? (
            <MenuItem onClick={() => setDialog("direct")}>
              <Icon name="person" size={18} />
              {text("chat.newDirect")}
            </MenuItem>
          ) : null}
          {permissions.includes("chat:channels") ? (
            <MenuItem onClick={() => setDialog("channel")}>
              <Icon name="hash" size={18} />
              {text("chat.newChannel")}
            </MenuItem>
          ) : null}
          {permissions.includes("chat:browse") ? (
            <MenuItem onClick={() => setDialog("browse")}>
              <Icon name="search" size={18} />
              {text("chat.browse")}
            </MenuItem>
          ) : null}
        </Menu>
      </div>
      <div className="px-3 pb-2">
        <input
          type="search"
          aria-label={text("chat.filter")}
          placeholder={text("chat.filter")}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          className="min-h-9 w-full rounded-lg border border-line bg-sunken px-3 placeholder:text-ink-soft"
        />
      </div>
      <nav aria-label={text("chat.rooms")} className="min-h-0 grow overflow-y-auto px-2 pb-4">
        {found.error ? <ErrorNote error={found.error} retry={() => void found.refetch()} /> : null}
        {found.isPending ? <Skeleton className="m-2 h-40" /> : null}
        <Link
          to="/chat/saved"
          className="flex min-h-9 items-center gap-2 rounded-lg px-2 text-ink-soft hover:bg-sunken [&.active]:bg-accent-soft [&.active]:text-accent-strong"
        >
          <Icon name="bookmark" size={18} />
          {text("chat.saved")}
        </Link>
        <Section title={text("chat.channels")}>{channels.map(item)}</Section>
        <Section title={text("chat.direct")}>{direct.map(item)}</Section>
        <DraftsList rooms={rooms} nameOf={nameOf} />
        {found.data?.length === 0 ? (
          <p className="m-2 text-ink-soft">{text("chat.noRooms")}</p>
        ) : null}
      </nav>
      {dialog === "channel" ? <NewChannel chat={chat} onClose={() => setDialog(null)} /> : null}
      {dialog === "direct" ? <NewDirect chat={chat} onClose={() => setDialog(null)} /> : null}
      {dialog === "find" ? <FindMessages chat={chat} onClose={() => setDialog(null)} /> : null}
      {dialog === "browse" ? <Browse chat={chat} onClose={() => setDialog(null)} /> : null}
    </aside>
  );
}

function Section({ title, children }: { title: string; children: ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <>
      <h3 className="m-0 px-2 pt-3 pb-1 text-sm font-medium text-ink-soft">{title}</h3>
      <ul className="m-0 list-none p-0">{children}</ul>
    </>
  );
}

function RoomLink({ room, name, isOnline }: { room: Room; name: string; isOnline: boolean }) {
  const text = useText();
  const icon = room.kind === "direct" ? "person" : room.is_public ? "hash" : "lock";
  return (
    <Link
      to="/chat/$roomId"
      params={{ roomId: room.id }}
      className={`flex min-h-9 items-center gap-2 rounded-lg px-2 hover:bg-sunken [&.active]:bg-accent-soft [&.active]:text-accent-strong ${room.unread > 0 ? "font-semibold" : "text-ink-soft"}`}
    >
      <span className="relative">
        <Icon name={icon} size={18} />
        {isOnline ? (
          <span className="absolute -right-0.5 -bottom-0.5 size-2.5 rounded-full border-2 border-surface bg-good">
            <span className="sr-only">{text("chat.online")}</span>
          </span>
        ) : null}
      </span>
      <span className="min-w-0 grow truncate">{name}</span>
      {room.unread > 0 ? (
        <span
          className={`rounded-full px-2 text-sm ${room.mentions > 0 ? "bg-accent text-on-accent" : "bg-sunken text-ink"}`}
        >
          <span aria-hidden="true">{room.mentions > 0 ? `@ ${room.unread}` : room.unread}</span>
          <span className="sr-only">
            {text("chat.unread", { count: room.unread, mentions: room.mentions })}
          </span>
        </span>
      ) : null}
    </Link>
  );
}
