import { useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Button } from "@/kit";
import type { MessageActions } from "./actions";
import type { Chat } from "./chat";
import { Composer } from "./composer";
import { placeOf } from "./drafts";
import type { Person } from "./mentions";
import { Messages } from "./messages";
import type { Filter, Message, Room } from "./model";
import type { Reading } from "./reading";
import { useRefused } from "./refused";
import { useSignal } from "./signal";
import { uploadsAt } from "./uploads";
import { useNames } from "./use-names";
import { type Place, View } from "./view";

interface StretchProps {
  chat: Chat;
  room: Room;
  reading: Reading;
  actions: MessageActions;
  people: Person[];
  mayReachAll: boolean;
  writes: boolean;
  editing: Message | null;
  setEditing: (message: Message | null) => void;
  filter: Filter;
  message?: number;
  /** A time to go to, as soon as it is another one. */
  moment?: { at: string };
  label: string;
  write: string;
}

/** The messages of a room, topic or thread, and below them where one writes. */
export function Stretch(props: StretchProps) {
  const { chat, room, filter, editing, message, setEditing } = props;
  const text = useText();
  const isWhole = filter.topic === undefined && filter.thread === undefined;
  const [view, setView] = useState<View | null>(null);
  const [unreadAfter] = useState(isWhole && room.unread > 0 ? room.read_number : null);
  const { topic, thread } = filter;
  // biome-ignore lint/correctness/useExhaustiveDependencies: where to begin is asked once for each place
  useEffect(() => {
    const opened = new View(chat, room.id, { topic, thread });
    const place: Place = message
      ? { number: message }
      : unreadAfter === null
        ? "end"
        : { unreadAfter };
    void opened.open(place);
    setView(opened);
    return () => opened.stop();
  }, [chat, room.id, topic, thread, message]);
  const { moment } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place does not repeat the way to a day
  useEffect(() => {
    if (moment) void view?.open(moment);
  }, [moment]);
  const isEditingHere = editing !== null && (editing.thread ?? undefined) === thread;
  const refused = useRefused(chat, room.id, filter, view, editing !== null, setEditing);
  if (!view) return <div className="grow" />;
  const place = placeOf(room.id, filter);
  const cancel = () => {
    setEditing(null);
    refused.clear();
  };
  return (
    <>
      <Messages
        chat={chat}
        view={view}
        label={props.label}
        unreadAfter={unreadAfter}
        reading={props.reading}
        actions={props.actions}
        empty={text(thread ? "chat.noReplies" : "chat.noMessages")}
        onRetry={() => void view.open("end")}
        onSeen={isWhole ? (number) => chat.read(room.id, number) : undefined}
      />
      <Typing chat={chat} room={room.id} isShown={isWhole} />
      {props.writes ? (
        <Composer
          key={isEditingHere ? editing.number : place}
          label={isEditingHere ? text("chat.editing") : props.write}
          me={chat.me}
          place={isEditingHere ? null : place}
          at={{ room: room.id, filter }}
          initial={isEditingHere ? editing.text : undefined}
          isFocused={isEditingHere || thread !== undefined}
          room={isEditingHere ? null : room.id}
          people={props.people}
          mayReachAll={props.mayReachAll}
          uploads={isEditingHere ? null : uploadsAt(chat.me, room.id, place)}
          onType={() => chat.typesHere(room.id)}
          onEditLast={() => {
            // The last one is still on its way: the one before is not what is meant.
            const isOnItsWay = chat.outbox
              .get()
              .some((each) => each.room_id === room.id && each.event.kind === "message");
            if (isOnItsWay) return;
            const own = view.shown
              .get()
              .history?.messages.findLast((each) => each.sender_id === chat.me && !each.is_deleted);
            if (own) setEditing(own);
          }}
          refused={refused}
          onCancel={isEditingHere ? cancel : undefined}
          onSend={(written) => {
            if (isEditingHere) {
              chat.send(room.id, { kind: "edit", target: editing.number, ...written });
              setEditing(null);
            } else {
              chat.send(room.id, {
                kind: "message",
                ...written,
                topic: topic ?? null,
                thread: thread ?? null,
              });
            }
          }}
        >
          {isEditingHere ? (
            <p className="m-0 flex items-center gap-2 pb-1 text-sm text-ink-soft">
              {text("chat.editing")}
              <button type="button" onClick={cancel} className="min-h-6 rounded px-1 underline">
                {text("common.cancel")}
              </button>
            </p>
          ) : null}
        </Composer>
      ) : (
        <Closed chat={chat} room={room} />
      )}
    </>
  );
}

function Typing({ chat, room, isShown }: { chat: Chat; room: string; isShown: boolean }) {
  const text = useText();
  const who = useSignal(chat.typing.now)[room] ?? [];
  const nameOf = useNames(chat, who);
  const way = useSignal(chat.way);
  const names = who.map(nameOf).filter(Boolean).join(", ");
  return (
    <p className="m-0 h-6 truncate px-5 text-sm text-ink-soft md:px-6">
      {way === "offline"
        ? text("chat.offline")
        : isShown && names
          ? text("chat.typing", { names, count: who.length })
          : ""}
    </p>
  );
}

/** What stands in place of the composer for whoever may not write here. */
function Closed({ chat, room }: { chat: Chat; room: Room }) {
  const text = useText();
  const join = async () => {
    await unwrap(
      api.PUT("/v1/rooms/{room_id}/members/{member_id}", {
        params: { path: { room_id: room.id, member_id: chat.me } },
        body: { role: "member" },
      }),
    );
    await chat.refresh(room.id);
  };
  return (
    <div className="flex items-center justify-center gap-3 px-4 pb-4 text-ink-soft">
      {room.role === null ? (
        <Button kind="primary" onClick={() => void join()}>
          {text("chat.join")}
        </Button>
      ) : (
        text(room.is_archived ? "chat.archived" : "chat.onlyReads")
      )}
    </div>
  );
}
