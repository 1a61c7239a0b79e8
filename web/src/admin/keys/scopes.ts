/** What a key is made for; `choice` are single permissions. */
export const PURPOSES = ["translate", "read", "provisioning", "all", "choice"] as const;
export type Purpose = (typeof PURPOSES)[number];

const PROVISIONING = "provisioning";

/** The scopes of a key for a purpose, of what its maker may do; null: what the server takes then. */
export function scopesFor(
  purpose: Purpose,
  own: readonly string[],
  chosen: ReadonlySet<string>,
): string[] | null {
  switch (purpose) {
    case "translate":
      return null;
    case "read":
      return own.filter((each) => each.endsWith(":read"));
    case "provisioning":
      return own.filter((each) => each === PROVISIONING);
    case "all":
      return [...own];
    case "choice":
      return own.filter((each) => chosen.has(each));
  }
}

/** The purposes for which somebody can make keys: nobody gives what they may not do themselves. */
export function purposesOf(own: readonly string[]): Purpose[] {
  return PURPOSES.filter((each) => each !== "provisioning" || own.includes(PROVISIONING));
}

/** The end of a day of the calendar (`2026-12-31`) here, as an instant; null for no day. */
export function endOfDay(day: string): string | null {
  return day ? new Date(`${day}T23:59:59`).toISOString() : null;
}
