import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useContext, useMemo, useState } from "react";
import { LocaleContext, useText } from "@/i18n";
import { EmptyState, ErrorNote, Icon, IconButton, itemsOf, Menu, MenuItem, Paged } from "@/kit";
import type { Chat } from "./chat";
import { MessageLine } from "./message-line";
import { roomList, type Saved, savedList } from "./queries";
import { RemindAt, RemindItems } from "./remind-menu";
import { useSaving } from "./saving";
import { useNames, useRoomName } from "./use-names";

/** What one keeps for later, kept last first. */
export function SavedPane({ chat }: { chat: Chat }) {
  const text = useText();
  const list = useInfiniteQuery(savedList);
  const found = itemsOf(list);
  const { data: rooms = [] } = useQuery(roomList);
  const nameOfRoom = useRoomName(chat, rooms);
  const senders = found.map((each) => each.message.sender_id).join(" ");
  const nameOf = useNames(
    chat,
    useMemo(() => senders.split(" ").filter(Boolean), [senders]),
  );
  const saving = useSaving();
  const [choosing, setChoosing] = useState<Saved | null>(null);
  const remind = ({ room_id: room, message: { number } }: Saved, remindAt: Date | null) =>
    saving.mutate({ room, number, remindAt }, { onSuccess: () => setChoosing(null) });
  return (
    <section
      aria-label={text("chat.saved")}
      className="flex min-w-0 grow flex-col overflow-y-auto max-md:w-full"
    >
      <header className="flex min-h-14 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 md:px-5">
        <Link
          to="/chat"
          aria-label={text("chat.back")}
          className="-ml-1 inline-flex size-9 items-center justify-center rounded-lg text-xl md:hidden"
        >
          ←
        </Link>
        <h1 className="m-0 text-lg font-semibold">{text("chat.saved")}</h1>
      </header>
      <div className="mx-auto grid w-full max-w-3xl gap-3 p-3 md:p-5">
        {saving.error && !choosing ? <ErrorNote error={saving.error} /> : null}
        <Paged
          list={list}
          none={<EmptyState title={text("chat.noSaved")}>{text("chat.noSavedHint")}</EmptyState>}
        >
          {(all) => (
            <ul className="m-0 grid list-none gap-2 p-0">
              {all.map((each) => {
                const room = rooms.find((other) => other.id === each.room_id);
                return (
                  <MessageLine
                    key={`${each.room_id} ${each.message.number}`}
                    room={each.room_id}
                    roomName={room ? nameOfRoom(room) : ""}
                    sender={nameOf(each.message.sender_id)}
                    message={each.message}
                    translation={each.translation}
                  >
                    <div className="flex items-center gap-1 py-1">
                      <Reminder saved={each} />
                      <Menu label={text("chat.remind")} trigger={<Icon name="bell" size={18} />}>
                        <RemindItems
                          onChoose={(at) => remind(each, at)}
                          onOther={() => setChoosing(each)}
                        />
                        {each.remind_at ? (
                          <MenuItem onClick={() => remind(each, null)}>
                            <Icon name="close" size={18} />
                            {text("chat.remind.none")}
                          </MenuItem>
                        ) : null}
                      </Menu>
                      <IconButton
                        label={text("chat.unsave")}
                        disabled={saving.isPending}
                        onClick={() =>
                          saving.mutate({
                            room: each.room_id,
                            number: each.message.number,
                            isGivenUp: true,
                          })
                        }
                      >
                        <Icon name="check" size={18} />
                      </IconButton>
                    </div>
                  </MessageLine>
                );
              })}
            </ul>
          )}
        </Paged>
      </div>
      {choosing ? (
        <RemindAt
          busy={saving.isPending}
          error={saving.error}
          onChoose={(at) => remind(choosing, at)}
          onClose={() => setChoosing(null)}
        />
      ) : null}
    </section>
  );
}

function Reminder({ saved }: { saved: Saved }) {
  const { locale } = useContext(LocaleContext);
  if (!saved.remind_at) return null;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return (
    <span className="inline-flex items-center gap-1 text-sm whitespace-nowrap text-ink-soft">
      <Icon name="bell" size={14} />
      <time dateTime={saved.remind_at}>{time.format(new Date(saved.remind_at))}</time>
    </span>
  );
}
