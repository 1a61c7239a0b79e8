import { describe, expect, it } from "vitest";
import { forField, timeOf } from "./reminders";

describe("a reminder", () => {
  const friday = new Date(2026, 10, 27, 18, 5, 30);

  it("comes in a moment or in an hour", () => {
    expect(timeOf("soon", friday)).toEqual(new Date(2026, 10, 27, 18, 25, 30));
    expect(timeOf("later", new Date(2026, 10, 27, 23, 30))).toEqual(new Date(2026, 10, 28, 0, 30));
  });

  it("comes in the morning of the next day, or of the next Monday", () => {
    expect(timeOf("tomorrow", friday)).toEqual(new Date(2026, 10, 28, 9));
    for (let day = 23; day < 30; day += 1) {
      const monday = timeOf("week", new Date(2026, 10, day, 8));
      expect([monday.getDay(), monday.getHours()]).toEqual([1, 9]);
      const days = (monday.getTime() - new Date(2026, 10, day, 9).getTime()) / 86_400_000;
      expect(days).toBeGreaterThanOrEqual(1);
      expect(days).toBeLessThanOrEqual(7);
    }
  });

  it("stands in a field in the reader's own time", () => {
    expect(forField(friday)).toBe("2026-11-27T18:05");
  });
});
