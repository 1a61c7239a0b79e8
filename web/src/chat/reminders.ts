// When to be reminded of something, as people say it, in the time of the one who asks.

export type Preset = "soon" | "later" | "tomorrow" | "week";

const MORNING_HOUR = 9;

/** The time that a preset means, seen from `now`. */
export function timeOf(preset: Preset, now: Date): Date {
  const at = new Date(now);
  switch (preset) {
    case "soon":
      at.setMinutes(at.getMinutes() + 20);
      return at;
    case "later":
      at.setHours(at.getHours() + 1);
      return at;
    case "tomorrow":
      at.setDate(at.getDate() + 1);
      break;
    case "week":
      // The next Monday, a week from now if it is one.
      at.setDate(at.getDate() + ((8 - at.getDay()) % 7 || 7));
      break;
  }
  at.setHours(MORNING_HOUR, 0, 0, 0);
  return at;
}

/** A time as a field for date and time has it, which knows no zone. */
export function forField(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
