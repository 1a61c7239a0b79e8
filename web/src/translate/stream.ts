import { type Schema, send } from "@/api/client";
import { eventsOf } from "@/api/events";
import type { Formality, Term } from "./extras";

export interface Part {
  /** Where the part stands in the source, in UTF-16 units. */
  start: number;
  end: number;
  text: string;
  isTranslated: boolean;
}

export interface Translated {
  parts: Part[];
  detected: string | null;
  isDone: boolean;
  /** What became of the terms of the glossary. */
  terms: Term[];
  /** What was asked for and has no effect on this server. */
  notApplied: string[];
}

export const NOTHING: Translated = {
  parts: [],
  detected: null,
  isDone: true,
  terms: [],
  notApplied: [],
};

export interface Asked {
  text: string;
  source: string | null;
  target: string;
  /** The server needs to know the source language for it. */
  glossary: string | null;
  formality: Formality;
}

/** Translate a text, and tell what is there after each sentence. Throws ApiError. */
export async function* translated(asked: Asked, signal: AbortSignal): AsyncGenerator<Translated> {
  const response = await send("/v1/translate/stream", {
    method: "POST",
    signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      text: asked.text,
      target_lang: asked.target,
      ...(asked.source ? { source_lang: asked.source } : {}),
      ...(asked.glossary ? { glossary_id: asked.glossary } : {}),
      ...(asked.formality === "default" ? {} : { formality: asked.formality }),
    }),
  });
  if (!response.body) return;
  const offset = offsets(asked.text);
  let now: Translated = { ...NOTHING, isDone: false };
  for await (const { event, data } of eventsOf(response.body)) {
    if (event === "sentence") {
      const { start, end, text, is_translated } = data as StreamedSentence;
      const part = { start: offset(start), end: offset(end), text, isTranslated: is_translated };
      now = { ...now, parts: [...now.parts, part] };
    } else if (event === "done") {
      const done = data as StreamedText;
      now = {
        ...now,
        detected: done.detected_source_language,
        isDone: true,
        terms: done.glossary_terms ?? [],
        notApplied: done.not_applied ?? [],
      };
    } else if (event === "error") {
      throw new Error((data as Schema["DeeplError"]).message);
    }
    yield now;
  }
}

interface StreamedSentence {
  start: number;
  end: number;
  text: string;
  is_translated: boolean;
}

interface StreamedText {
  detected_source_language: string;
  glossary_terms?: Term[];
  not_applied?: string[];
}

/** The server counts code points, and a browser UTF-16 units. */
export function offsets(text: string): (codePoints: number) => number {
  const starts = [0];
  for (const character of text) starts.push((starts.at(-1) ?? 0) + character.length);
  return (codePoints) => starts[codePoints] ?? text.length;
}
