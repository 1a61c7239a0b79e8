const FIRST_MS = 500;
const MOST_MS = 30_000;

/** How long to wait before attempt number `attempt`, from 1 on; `chance` in [0, 1) spreads clients. */
export function waitMs(attempt: number, chance: number): number {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1));
  return most / 2 + (most / 2) * chance;
}
