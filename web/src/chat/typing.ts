import { Signal } from "./signal";

const SHOWN_MS = 4000;
const TOLD_MS = 3000;

/** Who writes now, and when the others are to be told that one writes oneself. */
export class Typing {
  /** Members, by room. */
  readonly now = new Signal<Readonly<Record<string, readonly string[]>>>({});
  private readonly until = new Map<string, Map<string, number>>();
  private toldAt = 0;

  constructor(private readonly me: string) {}

  /** Whether a keystroke of one's own is to be told: not each of them is. */
  isToTell(): boolean {
    const now = performance.now();
    if (now - this.toldAt < TOLD_MS) return false;
    this.toldAt = now;
    return true;
  }

  started(room: string, members: readonly string[]): void {
    const until = this.until.get(room) ?? new Map<string, number>();
    for (const each of members) {
      if (each !== this.me) until.set(each, performance.now() + SHOWN_MS);
    }
    this.until.set(room, until);
    this.show(room);
    setTimeout(() => this.show(room), SHOWN_MS + 50);
  }

  stopped(room: string, members: ReadonlySet<string>): void {
    const until = this.until.get(room);
    if (!until) return;
    for (const each of members) until.delete(each);
    this.show(room);
  }

  private show(room: string): void {
    const now = performance.now();
    const until = this.until.get(room) ?? new Map<string, number>();
    const who = [...until].filter(([, end]) => end > now).map(([id]) => id);
    this.now.set({ ...this.now.get(), [room]: who });
  }
}
