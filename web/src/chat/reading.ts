import type { Message, Translated } from "./model";

export type Reading = "translated" | "original" | "both";

interface Choices {
  everywhere: Reading;
  rooms: Record<string, Reading>;
}

const KEPT_AS = "hanse.chat.reading";

/** How messages in other languages are shown in a room, on this device. */
export function chosenReading(room: string): Reading {
  const { everywhere, rooms } = choices();
  return rooms[room] ?? everywhere;
}

/** Choose how they are shown from now on, in one room or (null) in all that have no choice. */
export function chooseReading(room: string | null, reading: Reading): void {
  const now = choices();
  if (room) now.rooms[room] = reading;
  else now.everywhere = reading;
  localStorage.setItem(KEPT_AS, JSON.stringify(now));
}

function choices(): Choices {
  const kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") as Partial<Choices>;
  return { everywhere: kept.everywhere ?? "translated", rooms: kept.rooms ?? {} };
}

export interface Text {
  text: string;
  /** BCP 47; undefined if nobody has said. */
  lang?: string;
}

/** The texts of a message that a reader sees, the most important first. */
export function textsOf(
  message: Message,
  translation: Translated | undefined,
  reading: Reading,
): Text[] {
  const isPresent = translation?.revision === message.revision;
  const original = { text: message.text, lang: translation?.source_language };
  if (!translation || !isPresent || reading === "original") return [original];
  const translated = { text: translation.text, lang: translation.language };
  return reading === "both" ? [translated, original] : [translated];
}
