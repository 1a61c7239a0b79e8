// What a browser keeps for one person: what is not sent yet, drafts, and its own name as a device.
import type { Entry, Outbox } from "./outbox";

const DEVICE = "hanse.chat.device";
const outboxKey = (person: string, key: string) => `hanse.chat.outbox.${person}.${key}`;
const draftKey = (person: string, room: string) => `hanse.chat.draft.${person}.${room}`;

const versionKey = (person: string, place: string) => `hanse.chat.draft-version.${person}.${place}`;

/** The name of this browser: repeats from it are known by it. */
export function deviceName(): string {
  let name = localStorage.getItem(DEVICE);
  if (!name) {
    name = crypto.randomUUID();
    localStorage.setItem(DEVICE, name);
  }
  return name;
}

/** What a person wrote here that is not in the log yet, also in another tab. */
export function keptOutbox(person: string): Outbox {
  const prefix = outboxKey(person, "");
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => JSON.parse(localStorage.getItem(key) as string) as Entry);
}

/** Keep what changed. Each entry has a place of its own, so that tabs do not undo one another. */
export function keepOutbox(person: string, before: Outbox, now: Outbox): void {
  const keys = new Set(now.map((each) => each.key));
  for (const each of before) {
    if (!keys.has(each.key)) localStorage.removeItem(outboxKey(person, each.key));
  }
  for (const each of now) {
    if (!before.includes(each)) {
      localStorage.setItem(outboxKey(person, each.key), JSON.stringify(each));
    }
  }
}

/** What was begun to be written in a room (or in one of its threads). */
export function keptDraft(person: string, place: string): string {
  return localStorage.getItem(draftKey(person, place)) ?? "";
}

export function keepDraft(person: string, place: string, text: string): void {
  if (text) localStorage.setItem(draftKey(person, place), text);
  else localStorage.removeItem(draftKey(person, place));
}

/** The version under which a draft is stored on the server as it stands here; null if it is not. */
export function keptVersion(person: string, place: string): number | null {
  const kept = localStorage.getItem(versionKey(person, place));
  return kept === null ? null : Number(kept);
}

export function keepVersion(person: string, place: string, version: number | null): void {
  if (version) localStorage.setItem(versionKey(person, place), String(version));
  else localStorage.removeItem(versionKey(person, place));
}
