// A stretch of a room's messages as they stand. It knows what it does not know: numbers are dense,
// so that an event is either the next one, an old one, or the proof of a gap.
import { changed, matches, messageOf, moves } from "./log";
import type { Event, Filter, HistoryPage, Message } from "./model";

/** A message, and up to which number of the log it was taken into account what happened to it. */
export interface Known extends Message {
  asOf: number;
}

/** Neighbouring messages. `head` is the last number of the log that they take into account. */
export interface History {
  messages: readonly Known[];
  head: number;
  /** Asks for the page before; null at the start. */
  before: number | null;
  /** Nothing follows them up to `head`. */
  isAtEnd: boolean;
  /** A message moved in that is not here: read the page again. */
  isStale: boolean;
}

/** An event is missing before this one. */
export class Gap extends Error {
  constructor(
    readonly head: number,
    readonly number: number,
  ) {
    super(`After ${head} comes ${head + 1}, not ${number}.`);
  }
}

/** The history that a page is. */
export function historyOf(page: HistoryPage): History {
  return {
    messages: known(page),
    head: page.head,
    before: page.before,
    isAtEnd: page.after === null,
    isStale: false,
  };
}

/** The history after the next events of the log. Throws Gap. */
export function withEvents(history: History, events: readonly Event[], filter: Filter): History {
  const fresh = events.filter((each) => each.number > history.head);
  fresh.forEach((each, index) => {
    if (each.number !== history.head + 1 + index) throw new Gap(history.head + index, each.number);
  });
  const last = fresh.at(-1);
  return last ? { ...folded(history, fresh, filter), head: last.number } : history;
}

/**
 * The history with a neighbouring page, older or newer. The page may be older than the history:
 * `recent` are the last events of the log, to make up for that. Null if they do not reach so far
 * back: ask for the page again.
 */
export function joined(
  history: History,
  page: HistoryPage,
  side: "older" | "newer",
  recent: readonly Event[],
  filter: Filter,
): History | null {
  const there = new Set(history.messages.map((each) => each.number));
  const fresh = known(page).filter((each) => !there.has(each.number));
  const isOlder = side === "older";
  const next: History = {
    ...history,
    messages: isOlder ? [...fresh, ...history.messages] : [...history.messages, ...fresh],
    before: isOlder ? page.before : history.before,
    isAtEnd: isOlder ? history.isAtEnd : page.after === null,
  };
  if (page.head >= history.head) return next;
  const missed = recent.filter((each) => each.number > page.head && each.number <= history.head);
  return missed.length === history.head - page.head ? folded(next, missed, filter) : null;
}

/** The history without what is far from the side that is read. */
export function trimmed(history: History, side: "older" | "newer", most: number): History {
  const { messages } = history;
  if (messages.length <= most) return history;
  if (side === "newer") return { ...history, messages: messages.slice(0, most), isAtEnd: false };
  const kept = messages.slice(-most);
  return { ...history, messages: kept, before: kept[0]?.number ?? null };
}

function known(page: HistoryPage): Known[] {
  return page.messages.map((each) => ({ ...each, asOf: page.head }));
}

function folded(history: History, events: readonly Event[], filter: Filter): History {
  let messages = [...history.messages];
  let { isStale } = history;
  for (const event of events) {
    if (event.kind === "message") {
      const isNew = event.number > (messages.at(-1)?.number ?? 0);
      const message = messageOf(event);
      if (history.isAtEnd && isNew && matches(message, filter)) {
        messages.push({ ...message, asOf: event.number });
      }
    } else if (event.target) {
      const index = place(messages, event.target);
      const target = messages[index];
      if (target) {
        if (event.number > target.asOf) {
          const next = { ...changed(target, event), asOf: event.number };
          if (matches(next, filter)) messages[index] = next;
          else messages.splice(index, 1);
        }
      } else if (event.kind === "topic" && filter.topic && event.topic === filter.topic) {
        isStale = true;
      }
    } else if (event.body.from_topic) {
      messages = messages
        .map((each) =>
          event.number > each.asOf && moves(event, each)
            ? { ...changed(each, event), asOf: event.number }
            : each,
        )
        .filter((each) => each.asOf !== event.number || matches(each, filter));
      if (filter.topic !== undefined && event.topic === filter.topic) isStale = true;
    }
  }
  return { ...history, messages, isStale };
}

/** Where the message of a number stands, else -1. */
export function place(messages: readonly Message[], number: number): number {
  let low = 0;
  let high = messages.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = (messages[middle] as Message).number;
    if (found === number) return middle;
    if (found < number) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
