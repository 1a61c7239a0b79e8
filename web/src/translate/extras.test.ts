import { describe, expect, it } from "vitest";
import { glossariesFor, hasFormality } from "./extras";

const language = (lang: string, features: Record<string, { status: "stable" }>) => ({
  lang,
  name: lang,
  usable_as_source: true,
  usable_as_target: true,
  status: "stable" as const,
  features,
});
const glossary = (name: string, ...pairs: [string, string][]) => ({
  glossary_id: name,
  name,
  creation_time: "2026-03-01T00:00:00Z",
  dictionaries: pairs.map(([source_lang, target_lang]) => ({
    source_lang,
    target_lang,
    entry_count: 1,
  })),
});

describe("formality", () => {
  it("is offered for those targets alone for which the server says so", () => {
    const known = [language("de", { formality: { status: "stable" } }), language("en", {})];
    expect([hasFormality(known, "de"), hasFormality(known, "en")]).toEqual([true, false]);
  });
});

describe("glossaries", () => {
  const all = [glossary("both", ["en", "pt"], ["pt", "en"]), glossary("german", ["en", "de"])];

  it("are those of the direction, whatever the region", () => {
    const names = (source: string | null, target: string) =>
      glossariesFor(all, source, target).map((each) => each.name);
    expect(names("en", "pt-BR")).toEqual(["both"]);
    expect(names("en-GB", "de")).toEqual(["german"]);
    expect(names("de", "en")).toEqual([]);
    expect(names(null, "pt-BR")).toEqual([]);
  });
});
