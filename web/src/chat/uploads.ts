// Files that are brought to a room before the message that they come with is sent.
import { ApiError, api } from "@/api/client";
import type { Message } from "./model";
import { Signal } from "./signal";

export type RoomFile = Message["files"][number];

/** Files that one message may bring. */
export const FILES_MAX = 10;
const AT_ONCE = 3;

export interface Upload {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly state: "waiting" | "running" | "done" | "failed";
  /** How much of it was sent, from 0 to 1; at 1 the server examines it. */
  readonly fraction: number;
  readonly error?: unknown;
  /** What the server knows it as, once it is there. */
  readonly file?: RoomFile;
}

interface Running {
  content: File;
  request: XMLHttpRequest | null;
}

/** What is attached where somebody writes. It goes on while they look at another room. */
export class Uploads {
  readonly all = new Signal<readonly Upload[]>([]);
  private readonly running = new Map<number, Running>();
  private next = 1;

  constructor(private readonly room: string) {}

  /** Attach files; false if there are more than a message may bring, and none of them is taken. */
  take(files: readonly File[]): boolean {
    if (this.all.get().length + files.length > FILES_MAX) return false;
    for (const content of files) {
      const id = this.next++;
      this.running.set(id, { content, request: null });
      const { name, size: bytes } = content;
      this.all.set([...this.all.get(), { id, name, bytes, state: "waiting", fraction: 0 }]);
    }
    this.pump();
    return true;
  }

  /** Try again what failed. */
  again(id: number): void {
    this.change(id, { state: "waiting", fraction: 0, error: undefined });
    this.pump();
  }

  /** Take a file away, wherever it is. */
  remove(id: number): void {
    const upload = this.all.get().find((each) => each.id === id);
    this.running.get(id)?.request?.abort();
    this.forget([id]);
    if (upload?.file) {
      const path = { room_id: this.room, file_id: upload.file.id };
      // Should it fail: what is not sent within a day goes by itself.
      void api
        .DELETE("/v1/rooms/{room_id}/files/{file_id}", { params: { path } })
        .catch(() => undefined);
    }
    this.pump();
  }

  /** The files that are there, which go with the message that is sent now. */
  taken(): RoomFile[] {
    const done = this.all.get().filter((each) => each.file);
    this.forget(done.map((each) => each.id));
    return done.map((each) => each.file as RoomFile);
  }

  /** Attach again what a message had brought that was not sent after all. */
  back(files: readonly RoomFile[]): void {
    const put = files.map((file) => {
      const { name, bytes } = file;
      return { id: this.next++, name, bytes, state: "done" as const, fraction: 1, file };
    });
    this.all.set([...this.all.get(), ...put]);
  }

  private forget(ids: readonly number[]): void {
    for (const id of ids) this.running.delete(id);
    this.all.set(this.all.get().filter((each) => !ids.includes(each.id)));
  }

  private change(id: number, change: Partial<Upload>): void {
    this.all.set(this.all.get().map((each) => (each.id === id ? { ...each, ...change } : each)));
  }

  private pump(): void {
    const all = this.all.get();
    const free = AT_ONCE - all.filter((each) => each.state === "running").length;
    for (const { id } of all.filter((each) => each.state === "waiting").slice(0, free)) {
      this.change(id, { state: "running" });
      this.start(id);
    }
  }

  private start(id: number): void {
    const running = this.running.get(id);
    if (!running) return;
    const { content } = running;
    // fetch does not tell how much of a body was sent.
    const request = new XMLHttpRequest();
    running.request = request;
    request.open("POST", `/v1/rooms/${this.room}/files?name=${encodeURIComponent(content.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) =>
      this.change(id, { fraction: total ? loaded / total : 0 });
    const end = (change: Partial<Upload>) => {
      running.request = null;
      this.change(id, change);
      this.pump();
    };
    request.onload = () => {
      if (request.status === 201) {
        end({ state: "done", fraction: 1, file: request.response as RoomFile });
      } else {
        const headers = { "retry-after": request.getResponseHeader("retry-after") ?? "" };
        const response = new Response(null, { status: request.status, headers });
        end({ state: "failed", error: ApiError.from(response, request.response) });
      }
    };
    request.onerror = () => end({ state: "failed", error: new TypeError("no answer") });
    request.send(content);
  }
}

const places = new Map<string, Uploads>();

/** What is attached at a place where one writes, which is a room, topic or thread. */
export function uploadsAt(me: string, room: string, place: string): Uploads {
  const key = `${me} ${place}`;
  const known = places.get(key) ?? new Uploads(room);
  places.set(key, known);
  return known;
}
