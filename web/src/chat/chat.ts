import type { QueryClient } from "@tanstack/react-query";
import { append, markRead, readLog, readRoom, readRooms } from "./api";
import { waitMs } from "./backoff";
import { type Annotation, type FromServer, WATCHED_MAX } from "./frames";
import { Live, type Way } from "./live";
import type { Event, NewEvent, Room } from "./model";
import { Names } from "./names";
import { due, marked, type Outbox, restored, seen, without } from "./outbox";
import { roomList } from "./queries";
import { failure, isFinal } from "./refused";
import { Signal } from "./signal";
import { deviceName, keepOutbox, keptOutbox } from "./storage";
import { summaryAfter } from "./summary";
import { heard, isBehind, reaching, type Tail, tailAt } from "./tail";
import { Typing } from "./typing";

const REPAIR_AFTER_MS = 1000;
const REFRESH_MS = 300;

/** Who shows a room, and wants to hear what is new there. */
export interface Follower {
  readonly room: string;
  heard: (events: readonly Event[]) => void;
  annotated: (annotation: Annotation) => void;
  /** News come without translations: ask for them with the history. */
  polled: () => void;
}

/** The chat of one person in this page: its rooms' logs as they grow, and what is to be sent. */
export class Chat {
  readonly names = new Names();
  readonly way = new Signal<Way>("connecting");
  readonly outbox: Signal<Outbox>;
  readonly typing: Typing;
  readonly online = new Signal<ReadonlySet<string>>(new Set());

  private readonly tails = new Map<string, Tail>();
  private readonly followers = new Set<Follower>();
  private readonly repairs = new Set<string>();
  private readonly refreshes = new Map<string, number>();
  private readonly watched = new Map<object, string[]>();
  private readonly device = deviceName();
  private live: Live | null = null;
  private isStopped = false;
  private failures = 0;
  private retry = 0;

  constructor(
    readonly me: string,
    private readonly queries: QueryClient,
  ) {
    this.outbox = new Signal<Outbox>(restored(keptOutbox(me)));
    this.typing = new Typing(me);
    void this.begin();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.retry);
    this.live?.stop();
  }

  private async begin(): Promise<void> {
    for (let attempt = 1; !this.isStopped; attempt += 1) {
      try {
        const rooms = await this.queries.ensureQueryData(roomList);
        for (const { id, head } of rooms) if (!this.tails.has(id)) this.tails.set(id, tailAt(head));
        break;
      } catch {
        this.way.set("offline");
        await new Promise((resolve) => setTimeout(resolve, waitMs(attempt, Math.random())));
      }
    }
    if (this.isStopped) return;
    this.live = new Live({
      heads: () => Object.fromEntries([...this.tails].map(([id, { head }]) => [id, head])),
      take: (frame) => this.take(frame),
      changed: (way) => this.changed(way),
    });
    this.settle();
    this.pump();
  }

  private changed(way: Way): void {
    this.way.set(way);
    if (way === "offline") this.online.set(new Set());
    if (way === "socket") this.watch();
    if (way === "socket" || way === "polling") this.pump();
  }

  // Following rooms

  /** Hear what is new in a room, from behind `head` on if it is not followed yet. */
  follow(follower: Follower, head: number): () => void {
    this.followers.add(follower);
    if (!this.tails.has(follower.room)) {
      this.tails.set(follower.room, tailAt(head));
      this.live?.follow({ [follower.room]: head });
    }
    return () => this.followers.delete(follower);
  }

  /** The end of a room's log as it is known here. */
  tail(room: string): Tail {
    return this.tails.get(room) ?? tailAt(0);
  }

  private take(frame: FromServer): void {
    switch (frame.op) {
      case "welcome":
      case "heads":
        for (const [room, head] of Object.entries(frame.rooms)) this.reached(room, head);
        break;
      case "events":
        this.hear(frame.room_id, frame.events);
        break;
      case "limited":
        this.reached(frame.room_id, frame.head, 0);
        break;
      case "joined":
        void this.joined(frame.room_id, frame.head);
        break;
      case "left":
        this.left(frame.room_id);
        break;
      case "subscribed":
        for (const room of frame.gone) this.left(room);
        break;
      case "read":
        this.markerMoved(frame.room_id, frame.read_number);
        break;
      case "translation":
      case "previews":
        for (const each of this.followers) each.annotated(frame);
        break;
      case "typing":
        this.typing.started(frame.room_id, frame.member_ids);
        break;
      case "presence": {
        const now = new Set(this.online.get());
        for (const id of frame.online) now.add(id);
        for (const id of frame.offline) now.delete(id);
        this.online.set(now);
        break;
      }
    }
  }

  private hear(room: string, events: readonly Event[]): void {
    const before = this.tails.get(room);
    if (!before) return;
    const { tail, fresh } = heard(before, events);
    this.tails.set(room, tail);
    if (fresh.length > 0) {
      for (const each of this.followers) if (each.room === room) each.heard(fresh);
      this.outbox.set(this.kept(seen(this.outbox.get(), room, tail.head, fresh)));
      this.summarise(room, fresh);
      this.typing.stopped(room, new Set(fresh.map((each) => each.sender_id)));
      if (fresh.some((each) => each.kind === "members")) {
        void this.queries.invalidateQueries({ queryKey: ["chat", "members", room] });
      }
      if (fresh.some((each) => each.topic)) {
        void this.queries.invalidateQueries({ queryKey: ["chat", "topics", room] });
      }
      if (this.way.get() === "polling") {
        for (const each of this.followers) if (each.room === room) each.polled();
      }
    }
    if (isBehind(tail)) void this.repair(room);
  }

  private reached(room: string, head: number, patienceMs = REPAIR_AFTER_MS): void {
    const tail = this.tails.get(room);
    if (!tail) {
      void this.joined(room, head);
      return;
    }
    const next = reaching(tail, head);
    this.tails.set(room, next);
    // What is on its way comes by itself; what was lost does not.
    if (isBehind(next)) setTimeout(() => void this.repair(room), patienceMs);
  }

  /** Read from the log what is missing. */
  private async repair(room: string): Promise<void> {
    if (this.repairs.has(room)) return;
    this.repairs.add(room);
    try {
      while (!this.isStopped && isBehind(this.tail(room))) {
        const { events } = await readLog(room, this.tail(room).head);
        if (events.length === 0) break;
        this.hear(room, events);
      }
    } catch {
      // The next heartbeat, or the next connection, tries again.
    } finally {
      this.repairs.delete(room);
    }
  }

  private async joined(room: string, head: number): Promise<void> {
    if (!this.tails.has(room)) {
      this.tails.set(room, tailAt(head));
      this.live?.follow({ [room]: head });
    }
    await this.refresh(room);
  }

  private left(room: string): void {
    this.tails.delete(room);
    this.queries.setQueryData(roomList.queryKey, (rooms) =>
      rooms?.filter((each) => each.id !== room),
    );
    void this.queries.invalidateQueries({ queryKey: ["chat", "room", room] });
  }

  // The list of rooms

  private summarise(id: string, events: readonly Event[]): void {
    let isUnclear = false;
    this.queries.setQueryData(roomList.queryKey, (rooms) =>
      rooms?.map((room) => {
        if (room.id !== id) return room;
        let now = room;
        for (const event of events) {
          const next = summaryAfter(now, event, this.me);
          isUnclear ||= next === null;
          now = next ?? { ...now, head: event.number };
        }
        return now;
      }),
    );
    if (isUnclear) this.refreshSoon(id);
  }

  private refreshSoon(room: string): void {
    clearTimeout(this.refreshes.get(room));
    this.refreshes.set(
      room,
      window.setTimeout(() => void this.refresh(room), REFRESH_MS),
    );
  }

  /** Ask for one room anew; what was heard meanwhile counts too. */
  async refresh(id: string): Promise<Room | null> {
    const room = await readRoom(id).catch(() => null);
    if (!room) return null;
    this.queries.setQueryData(["chat", "room", id], room);
    if (room.role === null) return room;
    let isThere = false;
    this.queries.setQueryData(roomList.queryKey, (rooms) => {
      const next = rooms?.map((each) => {
        isThere ||= each.id === id;
        return each.id === id ? room : each;
      });
      return next && !isThere ? [...next, room] : next;
    });
    this.summarise(id, this.tail(id).events);
    if (!this.tails.has(id)) {
      this.tails.set(id, tailAt(room.head));
      this.live?.follow({ [id]: room.head });
    }
    return room;
  }

  /** Ask for all rooms anew. */
  async refreshAll(): Promise<void> {
    const rooms = await readRooms();
    this.queries.setQueryData(roomList.queryKey, rooms);
    for (const room of rooms) this.reached(room.id, room.head);
  }

  private markerMoved(room: string, number: number): void {
    this.queries.setQueryData(roomList.queryKey, (rooms) =>
      rooms?.map((each) => {
        if (each.id !== room) return each;
        const all = number >= each.head;
        return { ...each, read_number: number, ...(all ? { unread: 0, mentions: 0 } : {}) };
      }),
    );
    const now = this.queries.getQueryData(roomList.queryKey)?.find((each) => each.id === room);
    if (now && number < now.head) this.refreshSoon(room);
  }

  /** Say that everything up to a number was seen, or (`isBack`) that it was not. */
  read(room: string, number: number, isBack = false): void {
    const known = this.queries.getQueryData(roomList.queryKey)?.find((each) => each.id === room);
    if (!known || (!isBack && known.read_number >= number)) return;
    this.markerMoved(room, number);
    if (this.live?.say({ op: "read", room_id: room, number, is_back: isBack })) return;
    void markRead(room, number, isBack).catch(() => undefined);
  }

  // Sending

  /** Send something, now or when that is possible. */
  send(room_id: string, event: NewEvent): void {
    const key = crypto.randomUUID();
    const made_at = new Date().toISOString();
    const entry = { key, room_id, made_at, event, state: "waiting" as const };
    this.outbox.set(this.kept([...this.outbox.get(), entry]));
    this.pump();
  }

  /** Try again what failed. */
  again(key: string): void {
    this.mark(key, { state: "waiting", problem: undefined, refused: undefined });
    this.pump();
  }

  /** Give up what was to be sent. */
  discard(key: string): void {
    this.outbox.set(this.kept(without(this.outbox.get(), key)));
  }

  private mark(key: string, change: Parameters<typeof marked>[2]): void {
    this.outbox.set(this.kept(marked(this.outbox.get(), key, change)));
  }

  private kept(next: Outbox): Outbox {
    keepOutbox(this.me, this.outbox.get(), next);
    return next;
  }

  private settle(): void {
    for (const [room, { head }] of this.tails) {
      this.outbox.set(this.kept(seen(this.outbox.get(), room, head, [])));
    }
  }

  private pump(): void {
    clearTimeout(this.retry);
    for (const entry of due(this.outbox.get())) {
      this.mark(entry.key, { state: "sending" });
      append(entry, this.device).then(
        (number) => {
          this.failures = 0;
          this.mark(entry.key, { state: "sent", number });
          const tail = this.tails.get(entry.room_id);
          const head = tail?.head ?? number;
          this.outbox.set(this.kept(seen(this.outbox.get(), entry.room_id, head, [])));
          if (tail) this.reached(entry.room_id, number);
          this.pump();
        },
        (error: unknown) => {
          if (isFinal(error)) {
            this.mark(entry.key, failure(error));
            this.pump();
            return;
          }
          this.mark(entry.key, { state: "waiting" });
          this.failures += 1;
          clearTimeout(this.retry);
          this.retry = window.setTimeout(() => this.pump(), waitMs(this.failures, Math.random()));
        },
      );
    }
  }

  // Who writes, and who is there

  /** Tell the others that one writes. */
  typesHere(room: string): void {
    if (!this.typing.isToTell()) return;
    this.live?.say({ op: "typing", room_id: room });
  }

  /** Ask whether these members are there, as long as `asker` wants to know. */
  watchFor(asker: object, members: string[]): () => void {
    this.watched.set(asker, members);
    this.watch();
    return () => this.watched.delete(asker);
  }

  private watch(): void {
    const all = [...new Set([...this.watched.values()].flat())].slice(0, WATCHED_MAX);
    if (all.length > 0) this.live?.say({ op: "watch", member_ids: all });
  }
}
