import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useText } from "@/i18n";
import { Button, Dialog, EmptyState, ErrorNote, Icon, Skeleton } from "@/kit";
import type { Chat } from "./chat";
import { channelList } from "./queries";

/** The public channels, to look into and to join. */
export function Browse({ onClose }: { chat: Chat; onClose: () => void }) {
  const text = useText();
  const list = useInfiniteQuery(channelList);
  const [typed, setTyped] = useState("");
  const wanted = typed.trim().toLowerCase();
  const all = list.data?.pages.flatMap((page) => page.items) ?? [];
  const found = all.filter((each) =>
    `${each.name} ${each.description}`.toLowerCase().includes(wanted),
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  // The server lists; whoever looks for a name looks in all of them.
  useEffect(() => {
    if (wanted && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [wanted, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Dialog title={text("chat.browse")} open onClose={onClose}>
      <input
        type="search"
        aria-label={text("chat.filter")}
        placeholder={text("chat.filter")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="mb-3 min-h-10 w-full rounded-lg border border-line-strong bg-surface px-3"
      />
      {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton className="h-24 w-full" /> : null}
      {list.data && found.length === 0 && !list.hasNextPage ? (
        <EmptyState title={text(wanted ? "chat.nothingFound" : "chat.noChannels")} />
      ) : null}
      <ul className="m-0 grid list-none gap-1 p-0">
        {found.map((room) => (
          <li key={room.id}>
            <Link
              to="/chat/$roomId"
              params={{ roomId: room.id }}
              onClick={onClose}
              className="flex min-h-10 items-center gap-2 rounded-lg px-2 hover:bg-sunken"
            >
              <Icon name="hash" size={18} />
              <span className="min-w-0 grow">
                {room.name}
                <span className="block truncate text-sm text-ink-soft">{room.description}</span>
              </span>
              {room.role ? <span className="text-sm text-good">{text("chat.joined")}</span> : null}
            </Link>
          </li>
        ))}
      </ul>
      {list.hasNextPage ? (
        <Button onClick={() => void list.fetchNextPage()}>{text("common.more")}</Button>
      ) : null}
    </Dialog>
  );
}
