import {
  type KeyboardEvent,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { LocaleContext, useText } from "@/i18n";
import { Button, ErrorNote, Icon, Skeleton } from "@/kit";
import type { MessageActions } from "./actions";
import type { Chat } from "./chat";
import { MessageArticle } from "./message";
import { withPending } from "./outbox";
import type { Reading } from "./reading";
import { type Row, rowsOf } from "./rows";
import { useSignal } from "./signal";
import { useNames, useProgramNames } from "./use-names";
import { useScroll } from "./use-scroll";
import type { View } from "./view";

const SEEN_AFTER_MS = 400;
const UNREAD_BELOW_TOP_PX = 72;

interface MessagesProps {
  chat: Chat;
  view: View;
  label: string;
  /** The number up to which all was read when the room was opened; null if that was all. */
  unreadAfter: number | null;
  reading: Reading;
  actions: MessageActions;
  empty: string;
  onRetry: () => void;
  onSeen?: (number: number) => void;
}

/** The messages of a view, which grow at both ends as one reads. */
export function Messages(props: MessagesProps) {
  const { chat, view, reading } = props;
  const text = useText();
  const shown = useSignal(view.shown);
  const outbox = useSignal(chat.outbox);
  const { history, translations, previews, goTo } = shown;
  const isAtEnd = history?.isAtEnd ?? false;
  const list = useMemo(
    () =>
      history
        ? withPending(history.messages, outbox, view.room, chat.me, view.filter, isAtEnd)
        : [],
    [history, outbox, view, chat.me, isAtEnd],
  );
  const rows = useMemo(
    () => rowsOf(list, props.unreadAfter, chat.me),
    [list, props.unreadAfter, chat.me],
  );
  const senders = useMemo(() => {
    const ids = new Set([chat.me]);
    for (const { message } of list) {
      ids.add(message.sender_id);
      for (const id of [...message.mentions, ...message.groups]) ids.add(id);
      for (const each of message.reactions) for (const id of each.member_ids) ids.add(id);
    }
    return [...ids];
  }, [list, chat.me]);
  const nameOf = useNames(chat, senders);
  useProgramNames(
    chat,
    view.room,
    useMemo(() => list.map((each) => each.message), [list]),
  );
  const nameKnown = useSignal(chat.names.known);
  const bots = useSignal(chat.names.bots);
  const guests = useSignal(chat.names.guests);
  // biome-ignore lint/correctness/useExhaustiveDependencies: one function for each state of the names
  const stableNameOf = useMemo(() => nameOf, [nameKnown]);

  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [found, setFound] = useState(0);
  const [isFar, setFar] = useState(false);
  const seenTimer = useRef(0);

  const { show, toEnd } = useScroll(box, inner, {
    isAtEnd,
    rows: translations.size + previews.size + rows.length,
    onNear: (side) => void view.more(side),
    onSeen: (first, last, isAtBottom) => {
      setFar(!isAtBottom);
      clearTimeout(seenTimer.current);
      seenTimer.current = window.setTimeout(() => {
        if (reading !== "original") {
          const numbers = list.map((each) => each.message.number);
          view.wantTranslations(numbers.filter((each) => each >= first && each <= last));
        }
        if (document.visibilityState !== "visible" || !document.hasFocus()) return;
        props.onSeen?.(isAtBottom ? (view.shown.get().history?.head ?? last) : last);
      }, SEEN_AFTER_MS);
    },
  });

  useEffect(() => () => clearTimeout(seenTimer.current), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each request
  useLayoutEffect(() => {
    if (!goTo) return;
    if (goTo.to === "end" || (goTo.to === "unread" && !show("unread", UNREAD_BELOW_TOP_PX))) {
      toEnd();
    } else if (typeof goTo.to === "number") {
      const height = box.current?.clientHeight ?? 0;
      if (show(String(goTo.to), height / 3)) setFound(goTo.to);
      setActive(goTo.to);
    }
  }, [goTo]);

  // What one writes is shown, wherever one was.
  const mine = outbox.filter(
    (each) => each.room_id === view.room && each.event.kind === "message",
  ).length;
  const hadMine = useRef(mine);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when something was written
  useLayoutEffect(() => {
    if (mine > hadMine.current) {
      if (isAtEnd) toEnd();
      else void view.open("end");
    }
    hadMine.current = mine;
  }, [mine]);

  if (shown.status === "failed") {
    return (
      <div className="grow p-4">
        <ErrorNote error={shown.error} retry={props.onRetry} />
      </div>
    );
  }
  const focusable = list.some((each) => each.message.number === active)
    ? active
    : (list.findLast((each) => each.message.number > 0)?.message.number ?? 0);
  return (
    <div className="relative flex min-h-0 grow flex-col">
      <div
        ref={box}
        className="min-h-0 grow overflow-y-auto overscroll-contain [overflow-anchor:none]"
        onPointerLeave={() => setActive(0)}
      >
        {shown.status === "loading" ? <Loading /> : null}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: it is a feed as soon as it has an article */}
        {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles have a label */}
        <div
          ref={inner}
          role={list.length > 0 ? "feed" : "group"}
          aria-label={props.label}
          aria-busy={shown.status === "loading"}
          onKeyDown={move}
          className="relative flex min-h-full flex-col justify-end pt-4 pb-3"
        >
          {rows.map((row) =>
            row.kind === "message" ? (
              <div key={row.key} data-row={row.key} data-message={row.shown.message.number}>
                <MessageArticle
                  room={view.room}
                  message={row.shown.message}
                  entry={row.shown.entry}
                  isFirst={row.isFirst}
                  isActive={row.shown.message.number > 0 && row.shown.message.number === focusable}
                  isHeld={row.shown.message.number === active}
                  isMarked={row.shown.message.number === found}
                  isInThread={view.filter.thread !== undefined}
                  translation={translations.get(row.shown.message.number)}
                  previewed={previews.get(row.shown.message.number)}
                  reading={reading}
                  nameOf={stableNameOf}
                  isBot={bots.has(row.shown.message.sender_id)}
                  isGuest={guests.has(row.shown.message.sender_id)}
                  me={chat.me}
                  actions={props.actions}
                  onActive={setActive}
                />
              </div>
            ) : (
              <Line key={row.key} row={row} />
            ),
          )}
        </div>
        {shown.status === "ready" && rows.length === 0 ? (
          <p className="absolute inset-x-0 top-1/3 m-0 px-6 text-center text-ink-soft">
            {props.empty}
          </p>
        ) : null}
      </div>
      {isFar && rows.length > 0 ? (
        <Button
          className="absolute right-4 bottom-3 shadow-card"
          onClick={() => (isAtEnd ? toEnd() : void view.open("end"))}
        >
          <Icon name="down" size={18} />
          {text("chat.toEnd")}
        </Button>
      ) : null}
      <News chat={chat} view={view} nameOf={stableNameOf} />
    </div>
  );
}

/** The arrow keys go from message to message. */
function move(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const target = event.target as HTMLElement;
  if (!step || target.tagName !== "ARTICLE") return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("article[data-number]")];
  const next = all[all.indexOf(target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function Line({ row }: { row: Exclude<Row, { kind: "message" }> }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const isUnread = row.kind === "unread";
  const day = isUnread
    ? ""
    : new Intl.DateTimeFormat(locale, { dateStyle: "full" }).format(new Date(row.at));
  return (
    <div
      data-row={row.key}
      className={`flex items-center gap-3 px-4 py-2 text-sm font-medium md:px-6 ${isUnread ? "text-accent" : "text-ink-soft"}`}
    >
      <span aria-hidden="true" className={`h-px grow ${isUnread ? "bg-accent" : "bg-line"}`} />
      {isUnread ? text("chat.unreadLine") : day}
      <span aria-hidden="true" className={`h-px grow ${isUnread ? "bg-accent" : "bg-line"}`} />
    </div>
  );
}

function Loading() {
  return (
    <div aria-hidden="true" className="absolute inset-0 grid content-end gap-5 px-6 py-6">
      {["w-2/3", "w-1/2", "w-3/4", "w-2/5"].map((width) => (
        <div key={width} className="flex gap-3">
          <Skeleton className="size-9 rounded-xl" />
          <div className="grid grow gap-2">
            <Skeleton className="h-4 w-32" />
            <Skeleton className={`h-4 ${width}`} />
          </div>
        </div>
      ))}
    </div>
  );
}

const NEWS_MAX = 5;

/** Says new messages of others to whoever listens instead of looking. */
function News({ chat, view, nameOf }: { chat: Chat; view: View; nameOf: (id: string) => string }) {
  const text = useText();
  const { history, translations } = useSignal(view.shown);
  const since = useRef<number | null>(null);
  since.current ??= history ? (history.messages.at(-1)?.number ?? 0) : null;
  const from = since.current ?? Number.POSITIVE_INFINITY;
  const news = (history?.messages ?? []).filter(
    (each) => each.number > from && each.sender_id !== chat.me && !each.is_deleted,
  );
  return (
    <div role="log" aria-label={text("chat.news")} className="sr-only">
      {news.slice(-NEWS_MAX).map((each) => {
        const translation = translations.get(each.number);
        const isPresent = translation?.revision === each.revision;
        return (
          <p key={each.number} lang={isPresent ? translation.language : undefined}>
            {each.username || nameOf(each.sender_id)}: {isPresent ? translation.text : each.text}
          </p>
        );
      })}
    </div>
  );
}
