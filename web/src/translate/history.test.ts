import { expect, it } from "vitest";
import { CHARACTERS_MAX, ENTRIES_MAX, type Remembered, remembered } from "./history";

const entry = (text: string, target = "pt"): Remembered => ({
  at: "2026-03-01T12:00:00Z",
  source: "en",
  target,
  text,
  translation: text.toUpperCase(),
});
const texts = (history: Remembered[]) => history.map((each) => each.text);

it("has the newest first", () => {
  expect(texts(remembered([entry("one")], entry("two")))).toEqual(["two", "one"]);
});

it("has a text that is still being typed once", () => {
  let history = [entry("before")];
  for (const text of ["The ship", "The ship sails", "The ship"])
    history = remembered(history, entry(text));
  expect(texts(history)).toEqual(["The ship", "before"]);
});

it("has a text that was translated before once, at its new place", () => {
  expect(texts(remembered([entry("b"), entry("a")], entry("a")))).toEqual(["a", "b"]);
  expect(remembered([entry("a", "de")], entry("a"))).toHaveLength(2);
});

it("forgets the oldest beyond what may be kept", () => {
  const many = Array.from({ length: ENTRIES_MAX }, (_, index) => entry(`text ${index}.`));
  expect(remembered(many, entry("new"))).toHaveLength(ENTRIES_MAX);
  const long = entry("x".repeat(CHARACTERS_MAX / 2));
  expect(texts(remembered([long], entry("short")))).toEqual(["short"]);
});
