// The end of a room's log as this page has heard it: dense, or known to have a gap.
import type { Event } from "./model";

/** Events kept to bring a page of history up to date that was read a moment ago. */
export const KEPT_MAX = 1000;

export interface Tail {
  /** The last number up to which nothing is missing. */
  head: number;
  /** The highest number that was heard of. */
  reaches: number;
  /** The last events up to `head`, without a gap. */
  events: readonly Event[];
}

/** A tail of which all is known up to a number. */
export function tailAt(head: number): Tail {
  return { head, reaches: head, events: [] };
}

/** The tail after events were heard, and those of them that follow it directly. */
export function heard(tail: Tail, events: readonly Event[]): { tail: Tail; fresh: Event[] } {
  const fresh: Event[] = [];
  let { head, reaches } = tail;
  for (const event of events) {
    reaches = Math.max(reaches, event.number);
    if (event.number === head + 1) {
      fresh.push(event);
      head = event.number;
    }
  }
  if (fresh.length === 0 && reaches === tail.reaches) return { tail, fresh };
  const kept = [...tail.events, ...fresh].slice(-KEPT_MAX);
  return { tail: { head, reaches, events: kept }, fresh };
}

/** The tail when it was heard how far the log reaches. */
export function reaching(tail: Tail, number: number): Tail {
  return number > tail.reaches ? { ...tail, reaches: number } : tail;
}

/** Whether something is missing. */
export function isBehind(tail: Tail): boolean {
  return tail.reaches > tail.head;
}
