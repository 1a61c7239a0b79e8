import type { Schema } from "@/api/client";

type Language = Schema["LanguageV3"];
type Glossary = Schema["GlossaryV3"];

export const FORMALITIES = ["default", "prefer_more", "prefer_less"] as const;
export type Formality = (typeof FORMALITIES)[number];

/** What became of a term of a glossary. */
export interface Term {
  source: string;
  target: string;
  outcome: "exact" | "inflected" | "replaced" | "missing";
}

/** Whether this server can write `target` more or less formally. */
export function hasFormality(languages: Language[], target: string): boolean {
  return languages.some((each) => each.lang === target && "formality" in each.features);
}

/** The glossaries that have entries for this direction, whatever the region of its languages. */
export function glossariesFor(
  glossaries: Glossary[],
  source: string | null,
  target: string,
): Glossary[] {
  return glossaries.filter((glossary) =>
    glossary.dictionaries.some(
      (each) => each.source_lang === root(source) && each.target_lang === root(target),
    ),
  );
}

function root(tag: string | null): string | undefined {
  return tag?.split("-")[0]?.toLowerCase();
}
