import { describe, expect, it } from "vitest";
import de from "./locales/de.json";
import en from "./locales/en.json";
import es from "./locales/es.json";
import fr from "./locales/fr.json";
import pt from "./locales/pt.json";

const placeholders = (text: string) =>
  new Set([...text.matchAll(/\{(\w+)[,}]/g)].map((match) => match[1]));

describe.each(Object.entries({ de, es, fr, pt }))("the catalogue %s", (_, catalogue) => {
  const texts = catalogue as Record<string, string>;

  it("has the messages of the English one, and no others", () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
  });

  it("has the values of the English one in each message", () => {
    for (const [id, text] of Object.entries(en)) {
      expect([id, placeholders(texts[id] ?? "")]).toEqual([id, placeholders(text)]);
    }
  });
});
