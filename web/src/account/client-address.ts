/** Schemes of addresses that are programs or documents themselves, or lead to no client; as in the server's `boot.py`. */
const NO_CLIENTS = [
  "javascript:",
  "data:",
  "vbscript:",
  "blob:",
  "file:",
  "about:",
  "view-source:",
  "filesystem:",
  "intent:",
  "mailto:",
  "sms:",
  "tel:",
];
const OWN_MACHINE = ["localhost", "127.0.0.1", "[::1]"];

/** Where a client waits for its token: the address that was given, unless going there is unsafe. */
export function clientAddress(given: unknown): URL | null {
  if (typeof given !== "string") return null;
  try {
    const url = new URL(given);
    // By http the token can be read on its way to anywhere else.
    if (url.protocol === "http:" && !OWN_MACHINE.includes(url.hostname)) return null;
    return NO_CLIENTS.includes(url.protocol) ? null : url;
  } catch {
    return null;
  }
}

/** What people know a client by: its site, or the kind of its address where it is a program. */
export function nameOf(address: URL): string {
  return /^https?:$/.test(address.protocol) ? address.host : `${address.protocol}…`;
}

/** The address with the token, as Matrix's clients expect it. */
export function withToken(address: URL, token: string): string {
  const url = new URL(address);
  url.searchParams.append("loginToken", token);
  return url.href;
}
