import type { Schema } from "@/api/client";

export interface Day {
  date: string;
  characters: number;
}

/** The last `count` days (UTC, as the server counts), today included, oldest first. */
export function lastDays(now: Date, count: number): string[] {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  return Array.from({ length: count }, (_, index) =>
    new Date(today - (count - 1 - index) * 86_400_000).toISOString().slice(0, 10),
  );
}

/** The characters of each of `dates`, of all keys together. */
export function days(rows: Schema["KeyUsage"][], dates: string[]): Day[] {
  const sums = new Map(dates.map((date) => [date, 0]));
  for (const row of rows) {
    const date = row.usage_date?.slice(0, 10) ?? "";
    const before = sums.get(date);
    if (before !== undefined) sums.set(date, before + row.usage.total_characters);
  }
  return [...sums].map(([date, characters]) => ({ date, characters }));
}
