import { readBots, readGuests, readNames, readPrograms } from "./api";
import { Signal } from "./signal";

/** What members are called, asked for together and once. */
export class Names {
  readonly known = new Signal<Readonly<Record<string, string>>>({});
  /** Which of them are programs. */
  readonly bots = new Signal<ReadonlySet<string>>(new Set());
  /** Which of them are guests of the organisation. */
  readonly guests = new Signal<ReadonlySet<string>>(new Set());
  private readonly asked = new Set<string>();
  private readonly askedPrograms = new Set<string>();
  private waiting: string[] = [];

  /** Let these be known soon. */
  want(ids: readonly string[]): void {
    const unknown = ids.filter((id) => !this.asked.has(id));
    if (unknown.length === 0) return;
    for (const id of unknown) this.asked.add(id);
    if (this.waiting.length === 0) setTimeout(() => void this.ask());
    this.waiting.push(...unknown);
  }

  /** Let what these programs of a room are called be known soon, deleted ones included. */
  async wantPrograms(room: string, ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.known.get()[id] && !this.askedPrograms.has(id));
    if (unknown.length === 0) return;
    for (const id of unknown) this.askedPrograms.add(id);
    try {
      this.learn(await readPrograms(room));
    } catch {
      for (const id of unknown) this.askedPrograms.delete(id);
    }
  }

  /** Take note of what some are called. */
  learn(named: readonly { id: string; name: string }[]): void {
    const names = Object.fromEntries(named.map(({ id, name }) => [id, name]));
    this.known.set({ ...this.known.get(), ...names });
  }

  private async ask(): Promise<void> {
    const ids = this.waiting;
    this.waiting = [];
    try {
      const [names, bots, guests] = await Promise.all([
        readNames(ids),
        readBots(ids),
        readGuests(ids),
      ]);
      if (guests.length > 0) this.guests.set(new Set([...this.guests.get(), ...guests]));
      if (bots.length > 0) this.bots.set(new Set([...this.bots.get(), ...bots]));
      this.known.set({ ...this.known.get(), ...names });
    } catch {
      for (const id of ids) this.asked.delete(id);
    }
  }
}
