import { describe, expect, it } from "vitest";
import { waitMs } from "./backoff";
import { addressed, fitting, mentionedIn, speaksToMany, typedMention } from "./mentions";
import type { Room } from "./model";
import { due, type Entry, marked, restored, seen, withPending } from "./outbox";
import { textsOf } from "./reading";
import { summaryAfter } from "./summary";

const entry = (key: string, state: Entry["state"], more: Partial<Entry> = {}): Entry => ({
  key,
  room_id: "room",
  made_at: `2026-01-01T00:00:0${key}Z`,
  event: { kind: "message", text: key },
  state,
  ...more,
});

describe("the outbox", () => {
  it("sends one after the other in a room, and rooms beside each other", () => {
    const outbox = [
      entry("1", "sending"),
      entry("2", "waiting"),
      entry("3", "waiting", { room_id: "other" }),
    ];
    expect(due(outbox).map((each) => each.key)).toEqual(["3"]);
    expect(due(marked(outbox, "1", { state: "failed" })).map((each) => each.key)).toEqual([
      "2",
      "3",
    ]);
  });

  it("sends again after a reload what was under way, in its order", () => {
    const kept = [entry("2", "waiting"), entry("1", "sending")];
    expect(restored(kept).map((each) => [each.key, each.state])).toEqual([
      ["1", "waiting"],
      ["2", "waiting"],
    ]);
  });

  it("keeps an entry until the log shows it, by key or by number", () => {
    const outbox = [entry("1", "sending"), entry("2", "sent", { number: 7 })];
    expect(seen(outbox, "room", 6, [])).toBe(outbox);
    expect(seen(outbox, "room", 7, []).map((each) => each.key)).toEqual(["1"]);
    const event = { client_key: "1" } as never;
    expect(seen(outbox, "room", 6, [event]).map((each) => each.key)).toEqual(["2"]);
    expect(seen(outbox, "other", 9, [event])).toBe(outbox);
  });

  it("is shown at the end, of its thread alone", () => {
    const outbox = [
      entry("1", "waiting"),
      entry("2", "waiting", { event: { kind: "message", text: "2", thread: 5 } }),
    ];
    const texts = (filter: object, isAtEnd = true) =>
      withPending([], outbox, "room", "me", filter, isAtEnd).map((each) => each.message.text);
    expect(texts({})).toEqual(["1", "2"]);
    expect(texts({ thread: 5 })).toEqual(["2"]);
    expect(texts({}, false)).toEqual([]);
  });
});

describe("mentions", () => {
  const people = [
    { id: "a", name: "Ana" },
    { id: "b", name: "Ana Souza" },
    { id: "c", name: "Zé Ananias" },
  ];

  it("are found while they are typed", () => {
    expect(typedMention("Hi @an", 6)).toEqual({ from: 3, query: "an" });
    expect(typedMention("me@an", 5)).toBeNull();
    expect(fitting(people, "an").map((each) => each.id)).toEqual(["a", "b", "c"]);
    expect(fitting(people, "ze").map((each) => each.id)).toEqual(["c"]);
  });

  it("are of those whose whole names were written", () => {
    expect(mentionedIn("@Ana Souza, come", people)).toEqual(["b"]);
    expect(mentionedIn("@Anabel and x@Ana", people)).toEqual([]);
  });

  it("of groups, of all and of those who are there are for whoever may", () => {
    const all = [...people, { id: "g", name: "Crew", isGroup: true }];
    expect(addressed("@Crew and @Ana, @all", all, true)).toEqual({
      mentions: ["a"],
      groups: ["g"],
      to_all: true,
      to_here: false,
    });
    expect(addressed("@Crew and @Ana, @all", all, false)).toEqual({
      mentions: ["a"],
      groups: [],
      to_all: false,
      to_here: false,
    });
    expect(addressed("@here: come", all, true).to_here).toBe(true);
    expect(addressed("@here: come", all, false).to_here).toBe(false);
    expect(addressed("@hereafter", all, true).to_here).toBe(false);
    expect(speaksToMany("@all: come", all)).toBe(true);
    expect(speaksToMany("@here", all)).toBe(true);
    expect(speaksToMany("@allies", all)).toBe(false);
    expect(speaksToMany("@Ana", all)).toBe(false);
    expect(speaksToMany("@Crew", all)).toBe(true);
    expect(speaksToMany("@Crews", all)).toBe(false);
  });
});

describe("a text in another language", () => {
  const message = { text: "Olá", revision: 3 } as never;
  const translation = {
    revision: 3,
    text: "Hello",
    language: "en",
    source_language: "pt",
  } as never;

  it("is shown as the reader wants it", () => {
    expect(textsOf(message, translation, "translated").map((each) => each.text)).toEqual(["Hello"]);
    expect(textsOf(message, translation, "original").map((each) => each.text)).toEqual(["Olá"]);
    expect(textsOf(message, translation, "side_by_side").map((each) => each.lang)).toEqual([
      "en",
      "pt",
    ]);
  });

  it("is never shown for another version", () => {
    const edited = { text: "Tchau", revision: 4 } as never;
    expect(textsOf(edited, translation, "translated")[0]?.text).toBe("Tchau");
  });
});

describe("what is unread in a room", () => {
  const room = { id: "room", head: 4, unread: 1, mentions: 0, read_number: 3 } as Room;
  const event = { number: 5, kind: "message", sender_id: "ada", body: { mentions: ["me"] } };

  it("counts what others write, and what mentions one", () => {
    const next = summaryAfter(room, event as never, "me");
    expect([next?.unread, next?.mentions, next?.head]).toEqual([2, 1, 5]);
    expect(summaryAfter(room, { ...event, sender_id: "me" } as never, "me")?.unread).toBe(1);
    expect(summaryAfter(room, { ...event, number: 4 } as never, "me")).toBe(room);
  });

  it("is asked for anew when something was deleted", () => {
    expect(summaryAfter(room, { ...event, kind: "delete" } as never, "me")).toBeNull();
  });
});

describe("waiting", () => {
  it("gets longer, within bounds", () => {
    expect(waitMs(1, 0)).toBe(250);
    expect(waitMs(2, 0.5)).toBe(750);
    expect(waitMs(50, 0.999)).toBeLessThanOrEqual(30_000);
  });
});
