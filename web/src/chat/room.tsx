import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Confirm, ErrorNote, explain, Icon, IconButton, Menu, MenuItem, Skeleton } from "@/kit";
import type { MessageActions } from "./actions";
import { keepReading } from "./api";
import type { Chat } from "./chat";
import { MessageFiles } from "./message-files";
import type { Message, Room } from "./model";
import { Past } from "./past";
import { memberList, messageAt, roomById, roomList } from "./queries";
import { useGroups } from "./reach";
import type { Reading } from "./reading";
import { RemindAt } from "./remind-menu";
import { ReportMessage } from "./report";
import { RoomMenu } from "./room-menu";
import { useSaving } from "./saving";
import { Stretch } from "./stretch";
import { Toast } from "./toast";
import { useRenamedTopic } from "./topic-change";
import { Texts } from "./translation";
import { useNames, useProgramNames, useRoomName } from "./use-names";

const MoveMessage = lazy(() => import("./topic-dialogs"));

const READINGS: Reading[] = ["translated", "original", "side_by_side"];

export interface RoomSearch {
  topic?: string;
  thread?: number;
  message?: number;
}

/** A room as its address has it. */
export function RoomPane({ chat, id, search }: { chat: Chat; id: string; search: RoomSearch }) {
  const { data: rooms } = useQuery(roomList);
  const mine = rooms?.find((each) => each.id === id);
  const other = useQuery({ ...roomById(id), enabled: rooms !== undefined && !mine });
  const room = mine ?? other.data;
  if (other.error) {
    return (
      <div className="grow p-4">
        <ErrorNote error={other.error} retry={() => void other.refetch()} />
      </div>
    );
  }
  if (!room) return <Skeleton className="m-4 h-10 grow" />;
  return <OpenRoom key={room.id} chat={chat} room={room} search={search} />;
}

function OpenRoom({ chat, room, search }: { chat: Chat; room: Room; search: RoomSearch }) {
  const text = useText();
  const navigate = useNavigate();
  const permissions = usePermissions();
  const nameOfRoom = useRoomName(
    chat,
    useMemo(() => [room], [room]),
  );
  const name = nameOfRoom(room);
  const [chosen, setChosen] = useState<Reading | null>(null);
  const reading = chosen ?? room.reading;
  const [editing, setEditing] = useState<Message | null>(null);
  const [removing, setRemoving] = useState<Message | null>(null);
  const [past, setPast] = useState<number | null>(null);
  const [reminding, setReminding] = useState<Message | null>(null);
  const [reporting, setReporting] = useState<Message | null>(null);
  const [moving, setMoving] = useState<Message | null>(null);
  useRenamedTopic(room.id, search.topic);
  const saving = useSaving();
  const { mutate: keep } = saving;
  const [notice, setNotice] = useState("");
  const clearNotice = useCallback(() => setNotice(""), []);
  const [moment, setMoment] = useState<{ at: string }>();
  const members = useQuery({ ...memberList(room.id), enabled: room.kind === "channel" });
  const ids = useMemo(
    () =>
      room.kind === "direct" ? room.member_ids : (members.data ?? []).map((each) => each.member_id),
    [room, members.data],
  );
  const nameOf = useNames(chat, ids);
  const groups = useGroups(room.kind === "channel");
  const people = [
    ...ids.filter((id) => id !== chat.me).map((id) => ({ id, name: nameOf(id) })),
    ...groups,
  ];
  useEffect(() => chat.watchFor(room, ids), [chat, room, ids]);

  const moderates = room.role === "owner" || room.role === "moderator";
  const writes = room.role !== null && room.role !== "reader" && !room.is_archived;
  const mayReachAll =
    moderates || room.everybody_reaches_all || permissions.includes("chat:reach_all");
  const go = useCallback(
    (next: RoomSearch) =>
      void navigate({ to: "/chat/$roomId", params: { roomId: room.id }, search: next }),
    [navigate, room.id],
  );
  const actions: MessageActions = useMemo(
    () => ({
      react: (message, emoji, on) =>
        chat.send(room.id, { kind: "reaction", target: message.number, emoji, on }),
      openThread: (thread) => go({ ...search, message: undefined, thread }),
      edit: setEditing,
      remove: setRemoving,
      pin: (message) =>
        chat.send(room.id, { kind: "pin", target: message.number, on: !message.is_pinned }),
      markUnread: (message) => chat.read(room.id, message.number - 1, true),
      copyLink: (message) => {
        const link = `${window.location.origin}/chat/${room.id}?message=${message.number}`;
        void navigator.clipboard.writeText(link).then(() => setNotice(text("common.copied")));
      },
      showPast: setPast,
      save: ({ number }, remindAt) =>
        keep(
          { room: room.id, number, remindAt },
          {
            onSuccess: () => setNotice(text(remindAt ? "chat.remind.isSet" : "chat.isSaved")),
            onError: (error) => setNotice(explain(error, text)),
          },
        ),
      remindOther: setReminding,
      report: setReporting,
      move: setMoving,
      again: (key) => chat.again(key),
      discard: (key) => chat.discard(key),
      mayWrite: writes,
      mayRemoveAll: moderates,
      mayReact: room.role !== null && !room.is_archived,
      hasTopics: room.kind === "channel",
    }),
    [
      chat,
      room.id,
      room.kind,
      room.role,
      room.is_archived,
      writes,
      moderates,
      search,
      text,
      go,
      keep,
    ],
  );
  const choose = (next: Reading) => {
    setChosen(next);
    // Whoever only looks in has nowhere to keep it.
    if (!room.role) return;
    keepReading(room.id, next)
      .then(() => chat.refresh(room.id))
      .catch((error) => setNotice(explain(error, text)));
  };
  const shared = { chat, room, reading, actions, people, mayReachAll, writes, editing, setEditing };
  return (
    <>
      <section
        aria-label={name}
        className={`relative flex min-w-0 grow flex-col ${search.thread ? "max-lg:hidden" : ""}`}
      >
        <header className="flex min-h-14 items-center gap-2 border-b border-line bg-surface px-3 md:px-5">
          <Link
            to="/chat"
            aria-label={text("chat.back")}
            className="-ml-1 inline-flex size-9 items-center justify-center rounded-lg text-xl md:hidden"
          >
            ←
          </Link>
          <div className="min-w-0 grow">
            <h1 className="m-0 truncate text-lg leading-tight font-semibold">
              {name}
              {search.topic ? <span className="text-accent"> # {search.topic}</span> : null}
            </h1>
            <p className="m-0 truncate text-sm text-ink-soft">{room.description}</p>
          </div>
          <JumpToDate onChoose={(at) => setMoment({ at })} />
          <Menu label={text("chat.reading")} trigger={<Icon name="translate" />}>
            {READINGS.map((each) => (
              <MenuItem key={each} onClick={() => choose(each)}>
                {each === reading ? <Icon name="check" size={18} /> : <span className="w-4.5" />}
                {text(`chat.reading.${each}`)}
              </MenuItem>
            ))}
          </Menu>
          <RoomMenu chat={chat} room={room} name={name} mayPin={writes} />
        </header>
        <Stretch
          {...shared}
          key={search.topic ?? ""}
          filter={search.topic ? { topic: search.topic } : {}}
          message={search.message}
          moment={moment}
          label={text("chat.messagesOf", { name })}
          write={text("chat.writeTo", { name: search.topic ? `${name} # ${search.topic}` : name })}
        />
      </section>
      {search.thread ? (
        <section
          aria-label={text("chat.thread")}
          className="relative flex min-w-0 flex-col border-line max-lg:grow lg:w-100 lg:shrink-0 lg:border-l"
        >
          <header className="flex min-h-14 items-center justify-between gap-2 border-b border-line bg-surface px-4">
            <h1 className="sr-only lg:hidden">{name}</h1>
            <h2 className="m-0 text-lg font-semibold">{text("chat.thread")}</h2>
            <IconButton
              label={text("common.close")}
              onClick={() => go({ ...search, thread: undefined })}
            >
              <Icon name="close" />
            </IconButton>
          </header>
          <Root chat={chat} room={room.id} number={search.thread} reading={reading} />
          <Stretch
            {...shared}
            key={search.thread}
            filter={{ thread: search.thread }}
            label={text("chat.thread")}
            write={text("chat.replyInThread")}
          />
        </section>
      ) : null}
      <Toast notice={notice} onEnd={clearNotice} />
      {removing ? (
        <Confirm
          title={text("chat.deleteTitle")}
          question={text("chat.deleteAsk")}
          action={text("common.delete")}
          open
          onConfirm={() => {
            chat.send(room.id, { kind: "delete", target: removing.number });
            setRemoving(null);
          }}
          onClose={() => setRemoving(null)}
        />
      ) : null}
      {reminding ? (
        <RemindAt
          busy={saving.isPending}
          error={saving.error}
          onChoose={(at) => {
            const saved = { room: room.id, number: reminding.number, remindAt: at };
            keep(saved, { onSuccess: () => setReminding(null) });
          }}
          onClose={() => setReminding(null)}
        />
      ) : null}
      {reporting ? (
        <ReportMessage
          room={room.id}
          message={reporting}
          onDone={() => {
            setReporting(null);
            setNotice(text("reports.sent"));
          }}
          onClose={() => setReporting(null)}
        />
      ) : null}
      {moving ? (
        <Suspense fallback={null}>
          <MoveMessage
            room={room.id}
            message={moving}
            mayMoveLater={moderates}
            onClose={() => setMoving(null)}
          />
        </Suspense>
      ) : null}
      {past ? <Past room={room.id} number={past} onClose={() => setPast(null)} /> : null}
    </>
  );
}

interface RootProps {
  chat: Chat;
  room: string;
  number: number;
  reading: Reading;
}

/** The message that a thread answers. */
function Root({ chat, room, number, reading }: RootProps) {
  const { data: page } = useQuery(messageAt(room, number));
  const message = page?.messages[0];
  const senders = useMemo(() => (message ? [message.sender_id] : []), [message]);
  const nameOf = useNames(chat, senders);
  useProgramNames(chat, room, page?.messages ?? []);
  if (!message || message.number !== number) return null;
  return (
    <div className="max-h-60 shrink-0 overflow-auto border-b border-line bg-sunken px-4 py-2">
      <span className="font-semibold">{nameOf(message.sender_id)}</span>
      <Texts
        message={message}
        translation={page.translations[0]}
        reading={reading}
        mentions={[]}
        mine={[]}
      />
      <MessageFiles room={room} files={message.files} />
    </div>
  );
}

function JumpToDate({ onChoose }: { onChoose: (at: string) => void }) {
  const text = useText();
  return (
    <label className="relative inline-flex size-9 items-center justify-center rounded-lg text-ink-soft hover:bg-sunken max-md:hidden">
      <Icon name="calendar" />
      <input
        type="date"
        aria-label={text("chat.toDate")}
        title={text("chat.toDate")}
        className="absolute inset-0 cursor-pointer opacity-0"
        onClick={(event) => event.currentTarget.showPicker?.()}
        onChange={(event) => {
          const { value } = event.target;
          if (value) onChoose(new Date(`${value}T00:00`).toISOString());
        }}
      />
    </label>
  );
}
