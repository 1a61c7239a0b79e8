import { Link } from "@tanstack/react-router";
import { type ReactNode, useContext } from "react";
import { LocaleContext, useText } from "@/i18n";
import type { Message, Translated } from "./model";

interface MessageLineProps {
  room: string;
  /** What the room is called, where messages of several rooms stand together. */
  roomName?: string;
  sender: string;
  message: Message;
  translation: Translated | null | undefined;
  onOpen?: () => void;
  /** What one can do about it, beside it. */
  children?: ReactNode;
}

/** A message in short, in the reader's language, which leads to where it stands. */
export function MessageLine(props: MessageLineProps) {
  const { room, roomName, sender, message, translation } = props;
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const at = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const present = translation?.revision === message.revision ? translation : null;
  const said = present?.text ?? message.text;
  return (
    <li className="flex flex-wrap items-start gap-x-2 rounded-xl border border-line bg-surface pr-2">
      <Link
        to="/chat/$roomId"
        params={{ roomId: room }}
        search={{ message: message.number, thread: message.thread ?? undefined }}
        onClick={props.onOpen}
        className="min-w-0 grow basis-64 rounded-xl px-3 py-2 hover:bg-sunken"
      >
        <span className="block text-sm text-ink-soft">
          <span className="font-semibold text-ink">{sender || text("chat.somebody")}</span>
          {roomName ? `, ${roomName}` : ""},{" "}
          <time dateTime={message.created_at}>{at.format(new Date(message.created_at))}</time>
        </span>
        <span lang={present?.language} dir="auto" className="line-clamp-3 break-words">
          {said || message.files.map((each) => each.name).join(", ")}
        </span>
      </Link>
      {props.children}
    </li>
  );
}
