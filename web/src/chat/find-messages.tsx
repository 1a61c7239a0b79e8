import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useContext, useDeferredValue, useMemo, useState } from "react";
import { LocaleContext, useText } from "@/i18n";
import { Dialog, itemsOf, Paged } from "@/kit";
import type { Chat } from "./chat";
import { piecesOf } from "./marks";
import { foundMessages, type Hit, roomList } from "./queries";
import { useNames, useRoomName } from "./use-names";

/** Messages by their words, in the languages they were written in and translated into. */
export function FindMessages({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const text = useText();
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim());
  const list = useInfiniteQuery(foundMessages(query));
  const hits = itemsOf(list);
  const { data: rooms = [] } = useQuery(roomList);
  const nameOfRoom = useRoomName(chat, rooms);
  const senders = hits.map((hit) => hit.message.sender_id).join(" ");
  const nameOf = useNames(
    chat,
    useMemo(() => senders.split(" ").filter(Boolean), [senders]),
  );
  return (
    <Dialog title={text("chat.findMessages")} open onClose={onClose}>
      <input
        type="search"
        aria-label={text("chat.findMessages")}
        value={typed}
        maxLength={200}
        onChange={(event) => setTyped(event.target.value)}
        className="min-h-10 w-full rounded-lg border border-line-strong bg-surface px-3"
      />
      <p className="mt-1 mb-3 text-sm text-ink-soft">{text("chat.findHint")}</p>
      {query ? (
        <Paged list={list} none={text("chat.nothingFound")}>
          {(found) => (
            <ul className="m-0 mb-2 grid list-none gap-1 p-0">
              {found.map((hit) => {
                const room = rooms.find((each) => each.id === hit.room_id);
                return (
                  <li key={`${hit.room_id} ${hit.message.number}`}>
                    <Found
                      hit={hit}
                      room={room ? nameOfRoom(room) : ""}
                      sender={nameOf(hit.message.sender_id) || text("chat.somebody")}
                      onOpen={onClose}
                    />
                  </li>
                );
              })}
            </ul>
          )}
        </Paged>
      ) : null}
    </Dialog>
  );
}

interface FoundProps {
  hit: Hit;
  room: string;
  sender: string;
  onOpen: () => void;
}

function Found({ hit, room, sender, onOpen }: FoundProps) {
  const { locale } = useContext(LocaleContext);
  const { snippet, translation, message } = hit;
  const at = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  let place = 0;
  return (
    <Link
      to="/chat/$roomId"
      params={{ roomId: hit.room_id }}
      search={{ message: message.number }}
      onClick={onOpen}
      className="block rounded-lg px-2 py-1.5 hover:bg-sunken"
    >
      <span className="block text-sm text-ink-soft">
        <span className="font-semibold text-ink">{sender}</span>
        {room ? `, ${room}` : ""},{" "}
        <time dateTime={message.created_at}>{at.format(new Date(message.created_at))}</time>
      </span>
      <span lang={hit.language ?? undefined} className="block break-words">
        {piecesOf(snippet.text, snippet.ranges).map((piece) => {
          place += piece.text.length;
          return piece.isFound ? (
            <mark key={place} className="rounded-sm bg-accent-soft text-accent-strong">
              {piece.text}
            </mark>
          ) : (
            piece.text
          );
        })}
        {snippet.is_cut ? " …" : ""}
      </span>
      {translation && translation.language !== hit.language ? (
        <span lang={translation.language} className="block text-sm break-words text-ink-soft">
          {translation.text}
        </span>
      ) : null}
    </Link>
  );
}
