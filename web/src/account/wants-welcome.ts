const SKIPPED = "hanse.welcome.skipped";

/** Whether somebody has no way of their own to come back, and was not asked in this session. */
export function wantsWelcome(account: { has_password: boolean; passkeys: number } | null): boolean {
  if (!account || account.has_password || account.passkeys > 0) return false;
  return sessionStorage.getItem(SKIPPED) === null;
}

/** Do not ask again in this session. */
export function skipWelcome(): void {
  sessionStorage.setItem(SKIPPED, "yes");
}
