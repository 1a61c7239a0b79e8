const HERE = "https://here.invalid";

/** Where to go after the sign-in: a page of this site, whatever an address says. */
export function safeNext(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/") || next.startsWith("/sign-in")) return "/";
  try {
    // Browsers read "//", "/\" and characters that they drop as the beginning of another host.
    const url = new URL(next, HERE);
    return url.origin === HERE ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}
