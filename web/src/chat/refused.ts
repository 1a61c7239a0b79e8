// What the rules of a room refused. It goes back to where it was written, with the reason.
import { useEffect, useRef, useState } from "react";
import { ApiError } from "@/api/client";
import type { Locale, Translate } from "@/i18n";
import type { Chat } from "./chat";
import type { Filter, Message } from "./model";
import type { Entry } from "./outbox";
import { useSignal } from "./signal";
import type { View } from "./view";

/** Which rule refused a message, and of what the sentence about it is made. */
export interface Refusal {
  rule: "words" | "links" | "slow_s" | "who" | "max_characters";
  reason?: string;
  word?: string;
  host?: string;
  links?: string[];
  wait_s?: number;
  characters?: number;
  max_characters?: number;
}

/** Whether the server refused for good: another attempt would be refused as well. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const passes = [401, 408, 425, 429];
  return error.status >= 400 && error.status < 500 && !passes.includes(error.status);
}

/** What is noted of an entry that the server refused for good. */
export function failure(error: unknown): Partial<Entry> {
  const refused =
    error instanceof ApiError && error.code === "refused_by_rules"
      ? { refused: error.facts as unknown as Refusal }
      : {};
  return { state: "failed", problem: (error as Error).message, ...refused };
}

/** Why something was not sent, in the reader's language where that is known. */
export function whyFailed({ refused, problem }: Entry, text: Translate, locale: Locale): string {
  if (!refused) return problem ?? "";
  const { rule, reason, word, host, links = [], wait_s = 0 } = refused;
  const said = {
    words: () => text("refused.words", { word }),
    links: () => [
      text("refused.links", { host }),
      links.length ? text("refused.linksTo", { hosts: links.join(", ") }) : "",
    ],
    slow_s: () => text("refused.slow", { time: duration(wait_s, locale) }),
    who: () => text("refused.who"),
    max_characters: () =>
      text("refused.length", { characters: refused.characters, max: refused.max_characters }),
  }[rule]?.();
  return [said ?? problem, reason].flat().filter(Boolean).join(" ");
}

/** A number of seconds in the language of the interface, rounded up where it is long. */
export function duration(seconds: number, locale: Locale): string {
  const isShort = seconds < 120 && seconds % 60 > 0;
  const isLong = seconds >= 7200 || seconds % 3600 === 0;
  const [value, unit] = isShort
    ? [seconds, "second"]
    : isLong
      ? [Math.ceil(seconds / 3600), "hour"]
      : [Math.ceil(seconds / 60), "minute"];
  const options = { style: "unit", unit, unitDisplay: "long" } as const;
  return new Intl.NumberFormat(locale, options).format(value as number);
}

/** What was refused here and is not where it was written yet, and what was and is. */
export interface Refused {
  waiting: Entry | null;
  current: Entry | null;
  /** It stands where it was written. */
  take: (entry: Entry) => void;
  clear: () => void;
}

/** What the rules refused in a room, topic or thread; a refused edit opens what it would change. */
export function useRefused(
  chat: Chat,
  room: string,
  { topic, thread }: Filter,
  view: View | null,
  isEditing: boolean,
  edit: (message: Message) => void,
): Refused {
  const outbox = useSignal(chat.outbox);
  const [current, setCurrent] = useState<Entry | null>(null);
  const refused = outbox.filter((each) => each.room_id === room && each.refused);
  const take = (entry: Entry) => {
    setCurrent(entry);
    chat.discard(entry.key);
  };
  const edited = isEditing ? undefined : refused.find(({ event }) => event.kind === "edit");
  useEffect(() => {
    const shown = view?.shown.get().history?.messages;
    const message = shown?.find((each) => each.number === edited?.event.target);
    if (!edited || !message || (message.thread ?? undefined) !== thread) return;
    edit({ ...message, text: edited.event.text ?? "" });
    take(edited);
  });
  const waiting = refused.find(
    ({ event }) =>
      event.kind === "message" &&
      (event.topic ?? undefined) === topic &&
      (event.thread ?? undefined) === thread,
  );
  return {
    waiting: (!isEditing && waiting) || null,
    current,
    take,
    clear: () => setCurrent(null),
  };
}

/** Put what was refused back where it was written, as soon as nothing else stands there. */
export function useBack(
  waiting: Entry | null,
  isEmpty: boolean,
  put: (entry: Entry) => void,
): void {
  const putting = useRef(put);
  putting.current = put;
  useEffect(() => {
    if (waiting && isEmpty) putting.current(waiting);
  }, [waiting, isEmpty]);
}
