import { Link } from "@tanstack/react-router";
import { memo, useContext } from "react";
import { LocaleContext, type Translate, useText } from "@/i18n";
import { Badge, Icon } from "@/kit";
import { Actions, type MessageActions } from "./actions";
import { Avatar } from "./avatar";
import { MessageCard } from "./card";
import { LinkPreviews } from "./link-previews";
import { ALL, HERE } from "./mentions";
import { MessageFiles } from "./message-files";
import type { Message, Previewed, Translated } from "./model";
import type { Entry } from "./outbox";
import { type Reading, textsOf } from "./reading";
import { whyFailed } from "./refused";
import { Texts } from "./translation";
import type { NameOf } from "./use-names";

export interface MessageProps {
  room: string;
  message: Message;
  entry: Entry | null;
  isFirst: boolean;
  /** It is the one that the Tab key comes to. */
  isActive: boolean;
  /** It has the focus or the pointer. */
  isHeld: boolean;
  isMarked: boolean;
  isInThread: boolean;
  translation: Translated | undefined;
  previewed: Previewed | undefined;
  reading: Reading;
  nameOf: NameOf;
  isBot: boolean;
  isGuest: boolean;
  me: string;
  actions: MessageActions;
  onActive: (number: number) => void;
}

/** One message, with what one can do about it while it has the focus or the pointer. */
export const MessageArticle = memo(function MessageArticle(props: MessageProps) {
  const { message, entry, isFirst, isHeld, nameOf, me } = props;
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const sender = message.username || nameOf(message.sender_id) || text("chat.somebody");
  const isBot = props.isBot || Boolean(message.username);
  const guest = props.isGuest ? text("chat.guest") : "";
  const kind = message.program_id ? text("programs.program") : guest;
  const at = new Date(message.created_at);
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(at);
  const isForMe = message.mentions.includes(me) || message.to_all;
  const say = (number: number) => () => props.onActive(number);
  return (
    <article
      aria-label={`${sender}${kind ? ` (${kind})` : ""}, ${time}`}
      aria-posinset={message.number || undefined}
      aria-setsize={message.number ? -1 : undefined}
      data-number={message.number || undefined}
      tabIndex={props.isActive ? 0 : -1}
      onFocus={say(message.number)}
      onPointerEnter={say(message.number)}
      className={`message relative grid grid-cols-[2.25rem_minmax(0,1fr)] gap-x-3 px-4 md:px-6 ${isFirst ? "pt-2.5" : "pt-0.5"} pb-0.5 ${isHeld ? "bg-sunken/60" : ""} ${isForMe && message.sender_id !== me ? "for-me" : ""} ${props.isMarked ? "found" : ""}`}
    >
      {isFirst ? <Avatar id={message.sender_id} name={sender} /> : <span />}
      <div className="min-w-0">
        {isFirst ? (
          <div className="flex flex-wrap items-baseline gap-x-2">
            <span className="font-semibold">{sender}</span>
            {isBot ? <Badge>{text("chat.isKey")}</Badge> : null}
            {props.isGuest ? <Badge>{text("chat.guest")}</Badge> : null}
            {message.program_id ? <Badge>{text("programs.program")}</Badge> : null}
            <time
              dateTime={message.created_at}
              title={new Intl.DateTimeFormat(locale, {
                dateStyle: "full",
                timeStyle: "medium",
              }).format(at)}
              className="text-sm text-ink-soft"
            >
              {time}
            </time>
            {message.topic ? (
              <Link
                to="/chat/$roomId"
                from="/chat/$roomId"
                params={(now) => now as { roomId: string }}
                search={{ topic: message.topic }}
                className="text-sm text-accent hover:underline"
              >
                <span aria-hidden="true"># </span>
                {message.topic}
              </Link>
            ) : null}
          </div>
        ) : null}
        {message.thread && !props.isInThread ? (
          <ThreadLink number={message.thread} onOpen={props.actions.openThread} text={text} />
        ) : null}
        {message.is_deleted ? (
          <p className="m-0 text-ink-soft italic">{text("chat.deleted")}</p>
        ) : (
          <>
            <MessageCard
              room={props.room}
              message={message}
              mayPress={props.actions.mayReact}
              said={textsOf(message, props.translation, props.reading)[0]?.text ?? ""}
            >
              <Texts
                message={message}
                translation={props.translation}
                reading={props.reading}
                mentions={mentionsOf(message, nameOf)}
                mine={[`@${nameOf(me)}`, `@${ALL}`]}
              />
            </MessageCard>
            {message.files.length > 0 ? (
              <MessageFiles room={props.room} files={message.files} />
            ) : null}
            {props.previewed?.revision === message.revision ? (
              <LinkPreviews previewed={props.previewed} />
            ) : null}
            <Notes {...props} text={text} />
            <Reactions {...props} text={text} />
          </>
        )}
      </div>
      {isHeld && message.number > 0 && !message.is_deleted && !entry ? (
        <Actions message={message} isOwn={message.sender_id === me} actions={props.actions} />
      ) : null}
    </article>
  );
});

function mentionsOf(message: Message, nameOf: NameOf): string[] {
  const names = [...message.mentions, ...message.groups].map((id) => nameOf(id)).filter(Boolean);
  if (message.to_all) names.push(ALL);
  if (message.to_here) names.push(HERE);
  return names.map((name) => `@${name}`);
}

interface ThreadLinkProps {
  number: number;
  onOpen: (number: number) => void;
  text: Translate;
}

function ThreadLink({ number, onOpen, text }: ThreadLinkProps) {
  return (
    <button
      type="button"
      onClick={() => onOpen(number)}
      className="-ml-1 inline-flex min-h-6 items-center gap-1 rounded px-1 text-sm text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name="reply" size={14} />
      {text("chat.inThread")}
    </button>
  );
}

function Notes({ message, entry, actions, text }: MessageProps & { text: Translate }) {
  return (
    <div className="flex flex-wrap items-center gap-x-2 text-sm text-ink-soft empty:hidden">
      {message.is_pinned ? (
        <span className="inline-flex items-center gap-1">
          <Icon name="pin" size={14} />
          {text("chat.pinned")}
        </span>
      ) : null}
      {message.edited_at ? (
        <button
          type="button"
          onClick={() => actions.showPast(message.number)}
          className="-ml-1 min-h-6 rounded px-1 hover:bg-sunken hover:text-ink"
        >
          {text("chat.edited")}
        </button>
      ) : null}
      {entry ? <Sending entry={entry} actions={actions} text={text} /> : null}
    </div>
  );
}

interface SendingProps {
  entry: Entry;
  actions: MessageActions;
  text: Translate;
}

function Sending({ entry, actions, text }: SendingProps) {
  const { locale } = useContext(LocaleContext);
  if (entry.state !== "failed") {
    const state = entry.state === "waiting" ? "chat.waiting" : "chat.sending";
    return <span>{text(state)}</span>;
  }
  return (
    <span className="flex flex-wrap items-center gap-2 text-bad">
      {text("chat.failed")} {whyFailed(entry, text, locale)}
      <button
        type="button"
        onClick={() => actions.again(entry.key)}
        className="min-h-6 rounded px-1 underline"
      >
        {text("common.retry")}
      </button>
      <button
        type="button"
        onClick={() => actions.discard(entry.key)}
        className="min-h-6 rounded px-1 underline"
      >
        {text("chat.discard")}
      </button>
    </span>
  );
}

function Reactions({ message, me, nameOf, actions, text }: MessageProps & { text: Translate }) {
  if (message.reactions.length === 0) return null;
  return (
    <ul
      aria-label={text("chat.reactions")}
      className="m-0 mt-1 mb-1 flex list-none flex-wrap gap-1 p-0"
    >
      {message.reactions.map(({ emoji, member_ids }) => {
        const isMine = member_ids.includes(me);
        const names = member_ids
          .map((id) => nameOf(id))
          .filter(Boolean)
          .join(", ");
        return (
          <li key={emoji}>
            <button
              type="button"
              aria-pressed={isMine}
              title={names}
              aria-label={text("chat.reacted", { emoji, count: member_ids.length, names })}
              onClick={() => actions.react(message, emoji, !isMine)}
              className={`inline-flex min-h-7 items-center gap-1.5 rounded-full border px-2 text-sm ${isMine ? "border-accent bg-accent-soft text-accent-strong" : "border-line bg-surface hover:border-line-strong"}`}
            >
              <span aria-hidden="true">{emoji}</span>
              {member_ids.length}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
