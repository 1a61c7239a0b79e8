import type { Schema } from "@/api/client";
import type { Message, Translated } from "./model";

export type Reading = Schema["Reading"];

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
  return reading === "side_by_side" ? [translated, original] : [translated];
}
