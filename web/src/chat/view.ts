import { readHistory, type Where, wantTranslations } from "./api";
import type { Chat, Follower } from "./chat";
import type { Annotation } from "./frames";
import { type History, historyOf, joined, trimmed, withEvents } from "./history";
import type { Event, Filter, HistoryPage, Previewed, Translated } from "./model";
import { Signal } from "./signal";

/** Messages in the document at once; what is far from the reader is taken out. */
export const MESSAGES_MAX = 300;
const BEFORE = 25;
/** Messages that are younger are being translated already. */
const YOUNG_MS = 15_000;
const POLLED_AGAIN_MS = [1500, 5000];

/** Where to begin to read. */
export type Place = "end" | { number: number } | { at: string } | { unreadAfter: number };

export interface Shown {
  status: "loading" | "ready" | "failed";
  error?: unknown;
  history: History | null;
  translations: ReadonlyMap<number, Translated>;
  previews: ReadonlyMap<number, Previewed>;
  /** The message to bring into view, once; `end` for the last one. Each request is a new object. */
  goTo: { to: "end" | "unread" | number } | null;
}

const NOTHING: Shown = {
  status: "loading",
  history: null,
  translations: new Map(),
  previews: new Map(),
  goTo: null,
};

/** A part of a room's history on the screen, which grows at its ends as one reads. */
export class View implements Follower {
  readonly shown = new Signal<Shown>(NOTHING);
  private unfollow: (() => void) | null = null;
  private isStopped = false;
  private loading: "older" | "newer" | null = null;
  private opened = 0;
  private readonly asked = new Set<string>();

  constructor(
    private readonly chat: Chat,
    readonly room: string,
    readonly filter: Filter,
  ) {}

  stop(): void {
    this.isStopped = true;
    this.unfollow?.();
  }

  /** Show the messages at a place. */
  async open(place: Place): Promise<void> {
    this.opened += 1;
    const turn = this.opened;
    try {
      const { history, pages, goTo } = await this.read(place);
      if (this.isStopped || turn !== this.opened) return;
      this.unfollow ??= this.chat.follow(this, history.head);
      // What happened between the answer and now.
      const now = withEvents(history, this.chat.tail(this.room).events, this.filter);
      const annotations = annotated(NOTHING, pages);
      this.shown.set({ status: "ready", history: now, ...annotations, goTo: { to: goTo } });
    } catch (error) {
      if (this.isStopped || turn !== this.opened) return;
      this.shown.set({ ...NOTHING, status: "failed", error });
    }
  }

  private async read(
    place: Place,
  ): Promise<{ history: History; pages: HistoryPage[]; goTo: "end" | "unread" | number }> {
    if (place === "end") {
      const page = await readHistory(this.room, this.filter, {});
      return { history: historyOf(page), pages: [page], goTo: "end" };
    }
    if ("at" in place) {
      const page = await readHistory(this.room, this.filter, { at: place.at });
      const first = page.messages[0]?.number ?? null;
      if (first === null) return this.read("end");
      return { history: historyOf(page), pages: [page], goTo: first };
    }
    const number = "number" in place ? place.number : place.unreadAfter;
    const before = await readHistory(this.room, this.filter, { before: number + 1 }, BEFORE);
    const after = await readHistory(this.room, this.filter, { after: number });
    const first = historyOf(before);
    // Joined at one state of the log: the events between the two answers come from the tail.
    const history = joined({ ...first, head: before.head }, after, "newer", [], this.filter);
    return {
      history: { ...(history ?? first), head: before.head },
      pages: [before, after],
      goTo: "number" in place ? number : "unread",
    };
  }

  /** Read on at one end. */
  async more(side: "older" | "newer"): Promise<void> {
    const { history } = this.shown.get();
    if (!history || this.loading) return;
    const last = history.messages.at(-1)?.number ?? 0;
    if (side === "older" ? history.before === null : history.isAtEnd) return;
    const where: Where = side === "older" ? { before: history.before as number } : { after: last };
    this.loading = side;
    const turn = this.opened;
    try {
      const page = await readHistory(this.room, this.filter, where);
      const now = this.shown.get();
      if (this.isStopped || turn !== this.opened || !now.history) return;
      const recent = this.chat.tail(this.room).events;
      const next = joined(now.history, page, side, recent, this.filter);
      if (next) {
        const other = side === "older" ? "newer" : "older";
        this.shown.set({
          ...now,
          history: trimmed(next, other, MESSAGES_MAX),
          ...annotated(now, [page]),
          goTo: null,
        });
      }
    } catch {
      // The reader scrolls again, or the connection comes back.
    } finally {
      this.loading = null;
    }
  }

  heard(events: readonly Event[]): void {
    const now = this.shown.get();
    if (!now.history) return;
    try {
      const next = withEvents(now.history, events, this.filter);
      const kept = next.isAtEnd ? trimmed(next, "older", 2 * MESSAGES_MAX) : next;
      this.shown.set({ ...now, history: kept, goTo: null });
      if (next.isStale) void this.open("end");
    } catch {
      void this.open("end");
    }
  }

  annotated(annotation: Annotation): void {
    const isTranslation = annotation.op === "translation";
    const told = isTranslation ? annotation.translation : annotation.previewed;
    if (told.room_id !== this.room) return;
    const page = {
      translations: isTranslation ? [annotation.translation] : [],
      previews: isTranslation ? [] : [annotation.previewed],
    };
    const now = this.shown.get();
    this.shown.set({ ...now, ...annotated(now, [page]), goTo: null });
  }

  polled(): void {
    for (const ms of POLLED_AGAIN_MS) setTimeout(() => void this.readTranslations(), ms);
  }

  private async readTranslations(): Promise<void> {
    const page = await readHistory(this.room, this.filter, {}).catch(() => null);
    if (!page || this.isStopped) return;
    const now = this.shown.get();
    this.shown.set({ ...now, ...annotated(now, [page]), goTo: null });
  }

  /** Ask for translations of those of these messages that have none, once each. */
  wantTranslations(numbers: readonly number[]): void {
    const { history, translations } = this.shown.get();
    const seen = new Set(numbers);
    const wanted = (history?.messages ?? []).filter(
      (each) =>
        seen.has(each.number) &&
        !each.is_deleted &&
        each.sender_id !== this.chat.me &&
        Date.now() - Date.parse(each.edited_at ?? each.created_at) > YOUNG_MS &&
        translations.get(each.number)?.revision !== each.revision &&
        !this.asked.has(`${each.number}:${each.revision}`),
    );
    if (wanted.length === 0) return;
    for (const each of wanted) this.asked.add(`${each.number}:${each.revision}`);
    wantTranslations(
      this.room,
      wanted.slice(0, 100).map((each) => each.number),
    ).then(
      () => this.chat.way.get() === "polling" && this.polled(),
      () => undefined,
    );
  }
}

function annotated(
  { translations, previews }: Pick<Shown, "translations" | "previews">,
  pages: readonly Pick<HistoryPage, "translations" | "previews">[],
): Pick<Shown, "translations" | "previews"> {
  return {
    translations: merged(
      translations,
      pages.flatMap((each) => each.translations),
    ),
    previews: merged(
      previews,
      pages.flatMap((each) => each.previews),
    ),
  };
}

function merged<A extends { number: number; revision: number }>(
  known: ReadonlyMap<number, A>,
  fresh: readonly A[],
): ReadonlyMap<number, A> {
  const next = new Map(known);
  for (const each of fresh) {
    if ((next.get(each.number)?.revision ?? 0) <= each.revision) next.set(each.number, each);
  }
  return next;
}
