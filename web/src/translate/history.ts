/** What somebody translated on this device, if they want it kept. It never leaves the browser. */

export interface Remembered {
  /** When, as an ISO time; the newest comes first. */
  at: string;
  source: string;
  target: string;
  text: string;
  translation: string;
}

export const ENTRIES_MAX = 100;
/** Of all texts and translations together: browsers keep a few megabytes for a site. */
export const CHARACTERS_MAX = 500_000;

/** The history with one more translation; a text that grew while it was typed is there once. */
export function remembered(history: Remembered[], entry: Remembered): Remembered[] {
  const others = history.filter((each, index) => !isReplaced(each, entry, index === 0));
  const kept: Remembered[] = [];
  let characters = 0;
  for (const each of [entry, ...others]) {
    characters += each.text.length + each.translation.length;
    if (kept.length === ENTRIES_MAX || (kept.length > 0 && characters > CHARACTERS_MAX)) break;
    kept.push(each);
  }
  return kept;
}

function isReplaced(old: Remembered, entry: Remembered, isNewest: boolean): boolean {
  if (old.source !== entry.source || old.target !== entry.target) return false;
  if (old.text === entry.text) return true;
  return isNewest && (entry.text.startsWith(old.text) || old.text.startsWith(entry.text));
}

/** The place of a person's history in the browser; there is one exactly if they want it. */
const keptAs = (personId: string) => `hanse.history.${personId}`;

/** A person's history on this device; null if they want none, as at the beginning. */
export function readHistory(personId: string): Remembered[] | null {
  const kept = localStorage.getItem(keptAs(personId));
  if (kept === null) return null;
  try {
    return JSON.parse(kept) as Remembered[];
  } catch {
    return [];
  }
}

/** Keep a history, or with null delete it and keep none from now on. */
export function writeHistory(personId: string, history: Remembered[] | null): void {
  if (history === null) localStorage.removeItem(keptAs(personId));
  else localStorage.setItem(keptAs(personId), JSON.stringify(history));
}
