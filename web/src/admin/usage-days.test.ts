import { expect, it } from "vitest";
import { days, lastDays } from "./usage-days";

const usage = (total_characters: number) => ({
  total_characters,
  text_translation_characters: total_characters,
  document_translation_characters: 0,
  text_improvement_characters: 0,
  speech_to_text_minutes: 0,
});
const row = (usage_date: string, count: number) => ({
  api_key: "",
  api_key_label: "",
  usage_date,
  usage: usage(count),
});

it("counts days over the end of a month", () => {
  expect(lastDays(new Date("2026-03-01T23:00:00Z"), 3)).toEqual([
    "2026-02-27",
    "2026-02-28",
    "2026-03-01",
  ]);
});

it("adds the keys of a day up, and shows days without use as nothing", () => {
  const rows = [row("2026-03-01", 5), row("2026-03-01T00:00:00Z", 7)];
  expect(days(rows, ["2026-02-28", "2026-03-01"])).toEqual([
    { date: "2026-02-28", characters: 0 },
    { date: "2026-03-01", characters: 12 },
  ]);
});
