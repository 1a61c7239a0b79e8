import { describe, expect, it } from "vitest";
import { Gap, historyOf, joined, trimmed, withEvents } from "./history";
import type { Event, HistoryPage, Kind } from "./model";
import { heard, isBehind, reaching, tailAt } from "./tail";

const event = (number: number, kind: Kind = "message", more: Partial<Event> = {}): Event => ({
  room_id: "room",
  number,
  sender_id: "ada",
  device: "d",
  client_key: String(number),
  kind,
  created_at: new Date(number * 1000).toISOString(),
  body: { text: `text ${number}` },
  ...more,
});

const page = (numbers: number[], head: number, more: Partial<HistoryPage> = {}): HistoryPage => ({
  messages: numbers.map((number) => ({
    number,
    sender_id: "ada",
    created_at: new Date(number * 1000).toISOString(),
    text: `text ${number}`,
    revision: number,
    topic: null,
    thread: null,
    mentions: [],
    groups: [],
    to_all: false,
    to_here: false,
    edited_at: null,
    is_deleted: false,
    is_pinned: false,
    reactions: [],
    files: [],
  })),
  translations: [],
  previews: [],
  before: null,
  after: null,
  head,
  ...more,
});

const numbers = (history: ReturnType<typeof historyOf>) =>
  history.messages.map((each) => each.number);

describe("a history", () => {
  it("takes the next events, and each of them once", () => {
    const events = [event(3), event(4, "edit", { target: 1, body: { text: "new" } })];
    const once = withEvents(historyOf(page([1, 2], 2)), events, {});
    expect(withEvents(once, events, {})).toEqual(once);
    expect(numbers(once)).toEqual([1, 2, 3]);
    expect(once.messages[0]?.text).toBe("new");
    expect(once.head).toBe(4);
  });

  it("knows when something is missing", () => {
    expect(() => withEvents(historyOf(page([1], 1)), [event(3)], {})).toThrow(Gap);
    expect(() => withEvents(historyOf(page([1], 1)), [event(2), event(4)], {})).toThrow(Gap);
  });

  it("comes to the same in whatever pieces the events arrive", () => {
    const events = [
      event(2),
      event(3, "reaction", { target: 1, body: { emoji: "👍" } }),
      event(4, "edit", { target: 2, body: { text: "better" } }),
      event(5, "reaction", { target: 1, body: { emoji: "👍", on: false } }),
      event(6, "delete", { target: 2 }),
      event(7),
    ];
    const begin = historyOf(page([1], 1));
    const whole = withEvents(begin, events, {});
    for (let cut = 0; cut <= events.length; cut += 1) {
      const parts = withEvents(withEvents(begin, events.slice(0, cut), {}), events.slice(cut), {});
      expect(parts).toEqual(whole);
    }
    expect(whole.messages.map((each) => each.is_deleted)).toEqual([false, true, false]);
  });

  it("does not undo in a newer page what an older event says", () => {
    const newer = page([1], 5);
    const [message] = newer.messages;
    if (message) Object.assign(message, { text: "second edit", revision: 5 });
    const history = joined(historyOf(page([2], 2, { before: 2 })), newer, "older", [], {});
    const edits = [3, 4].map((number) => event(number, "edit", { target: 1 }));
    const after = withEvents(history as never, edits, {});
    expect(after.messages[0]?.text).toBe("second edit");
  });

  it("brings an older page up to date, or says that it cannot", () => {
    const history = historyOf(page([5], 6, { before: 5 }));
    const recent = [event(5), event(6, "edit", { target: 1, body: { text: "new" } })];
    const next = joined(history, page([1], 4), "older", recent, {});
    expect(next?.messages[0]?.text).toBe("new");
    expect(joined(history, page([1], 3), "older", recent, {})).toBeNull();
  });

  it("shows no new messages while it does not reach the end", () => {
    const cut = trimmed(historyOf(page([1, 2, 3], 3)), "newer", 2);
    expect(cut.isAtEnd).toBe(false);
    expect(numbers(withEvents(cut, [event(4)], {}))).toEqual([1, 2]);
  });

  it("loses a message that moves to another topic, and asks for one that moves in", () => {
    const shown = page([1], 1);
    if (shown.messages[0]) shown.messages[0].topic = "boats";
    const filter = { topic: "boats" };
    const moved = event(2, "topic", { target: 1, topic: "tides", body: {} });
    expect(numbers(withEvents(historyOf(shown), [moved], filter))).toEqual([]);
    const renamed = (more: object) =>
      event(2, "topic", { topic: "tides", body: { from_topic: "boats", ...more } });
    expect(numbers(withEvents(historyOf(shown), [renamed({})], filter))).toEqual([]);
    expect(numbers(withEvents(historyOf(shown), [renamed({ since: 2 })], filter))).toEqual([1]);
    expect(withEvents(historyOf(shown), [renamed({})], {}).messages[0]?.topic).toBe("tides");
    const marked = event(2, "topic", { topic: "boats", body: { is_resolved: true } });
    expect(withEvents(historyOf(shown), [marked], filter).isStale).toBe(false);
    const joined = event(2, "topic", { topic: "boats", body: { from_topic: "tides" } });
    expect(withEvents(historyOf(shown), [joined], filter).isStale).toBe(true);
    const back = event(2, "topic", { target: 9, topic: "boats", body: {} });
    expect(withEvents(historyOf(shown), [back], filter).isStale).toBe(true);
  });
});

describe("the tail of a log", () => {
  it("passes on what follows, and stays behind at a gap until it is filled", () => {
    const first = heard(tailAt(1), [event(2), event(4)]);
    expect(first.fresh.map((each) => each.number)).toEqual([2]);
    expect(isBehind(first.tail)).toBe(true);
    const second = heard(first.tail, [event(2), event(3), event(4)]);
    expect(second.fresh.map((each) => each.number)).toEqual([3, 4]);
    expect(isBehind(second.tail)).toBe(false);
    expect(second.tail.events.map((each) => each.number)).toEqual([2, 3, 4]);
  });

  it("is behind when the log is said to reach farther", () => {
    expect(isBehind(reaching(tailAt(3), 4))).toBe(true);
    expect(isBehind(reaching(tailAt(3), 2))).toBe(false);
  });
});
