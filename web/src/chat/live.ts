import { ApiError, api, unwrap } from "@/api/client";
import { waitMs } from "./backoff";
import { type FromServer, PROTOCOL, ROOMS_AT_ONCE_MAX, type ToServer } from "./frames";

/** How news come: by a socket, by asking again and again, or not now. */
export type Way = "connecting" | "socket" | "polling" | "offline";

/** Who is told what happens, in the order in which it does. */
export interface Listener {
  /** The numbers from behind which the rooms are to be followed. */
  heads: () => Record<string, number>;
  take: (frame: FromServer) => void;
  changed: (way: Way) => void;
}

const OPEN_MS = 10_000;
/** Longer without a word than three heartbeats: the connection is dead without knowing it. */
const SILENCE_MS = 50_000;
const POLL_WAIT_S = 25;
const POLL_ROOMS_MAX = 200;
/** Attempts to open a socket before asking by HTTP, and how often to try a socket again then. */
const ATTEMPTS = 2;
const SOCKET_AGAIN_MS = 60_000;

/** One way to the news of all rooms, opened again whenever it is lost, until `stop`. */
export class Live {
  private socket: WebSocket | null = null;
  private readonly stopping = new AbortController();
  private wake: () => void = () => undefined;

  constructor(private readonly listener: Listener) {
    window.addEventListener("online", this.hurry);
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
    window.removeEventListener("online", this.hurry);
    this.socket?.close();
    this.wake();
  }

  /** Say something to the gateway; false if there is no socket now. */
  say(frame: ToServer): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Follow rooms from behind these numbers on. */
  follow(rooms: Record<string, number>): void {
    const all = Object.entries(rooms);
    for (let first = 0; first < all.length; first += ROOMS_AT_ONCE_MAX) {
      const some = Object.fromEntries(all.slice(first, first + ROOMS_AT_ONCE_MAX));
      this.say({ op: "subscribe", rooms: some });
    }
  }

  /** Do not wait any longer before the next attempt. */
  readonly hurry = (): void => this.wake();

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      const outcome = await this.open();
      if (outcome === "lost") {
        failures = 0;
      } else if (outcome === "none" || failures + 1 >= ATTEMPTS) {
        await this.poll(outcome === "none" ? Number.POSITIVE_INFINITY : SOCKET_AGAIN_MS);
      }
      if (this.stopping.signal.aborted) return;
      failures += 1;
      this.listener.changed("offline");
      await this.pause(waitMs(failures, Math.random()));
    }
  }

  /** Open a socket and stay there. Tells whether it was lost, failed to open, or cannot be. */
  private async open(): Promise<"lost" | "failed" | "none"> {
    let ticket: { ticket: string; url: string };
    try {
      ticket = await unwrap(api.POST("/v1/chat/tickets"));
    } catch (error) {
      return error instanceof ApiError && error.code === "no_gateway" ? "none" : "failed";
    }
    return new Promise((resolve) => {
      let welcomed = false;
      let timer = 0;
      let socket: WebSocket;
      try {
        socket = new WebSocket(ticket.url, PROTOCOL);
      } catch {
        resolve("failed");
        return;
      }
      const expect = (ms: number) => {
        clearTimeout(timer);
        timer = window.setTimeout(() => end(), ms);
      };
      const end = () => {
        clearTimeout(timer);
        socket.onmessage = null;
        socket.onclose = null;
        socket.close();
        if (this.socket === socket) this.socket = null;
        resolve(welcomed ? "lost" : "failed");
      };
      this.socket = socket;
      expect(OPEN_MS);
      socket.onopen = () => this.say({ op: "hello", ticket: ticket.ticket });
      socket.onclose = end;
      socket.onmessage = ({ data }) => {
        expect(welcomed ? SILENCE_MS : OPEN_MS);
        const frame = JSON.parse(data as string) as FromServer;
        if (frame.op === "welcome") {
          welcomed = true;
          expect(SILENCE_MS);
          this.follow(this.listener.heads());
          this.listener.changed("socket");
        }
        this.listener.take(frame);
      };
    });
  }

  /** Ask for news by HTTP for so long, or until that fails. */
  private async poll(forMs: number): Promise<void> {
    const until = performance.now() + forMs;
    let wait_s = 0;
    while (!this.stopping.signal.aborted && performance.now() < until) {
      const heads = Object.entries(this.listener.heads());
      const rooms = Object.fromEntries(heads.slice(0, POLL_ROOMS_MAX));
      try {
        const news = await unwrap(
          api.POST("/v1/chat/sync", { body: { rooms, wait_s }, signal: this.stopping.signal }),
        );
        this.listener.changed("polling");
        for (const [room_id, { events, head }] of Object.entries(news.rooms)) {
          this.listener.take({ op: "events", room_id, events: events as never });
          this.listener.take({ op: "heads", rooms: { [room_id]: head } });
        }
        this.listener.take({ op: "heads", rooms: news.heads });
        for (const room_id of news.gone) this.listener.take({ op: "left", room_id });
        // Without rooms the server does not wait.
        if (heads.length === 0) await this.pause(POLL_WAIT_S * 1000);
        wait_s = POLL_WAIT_S;
      } catch {
        return;
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
