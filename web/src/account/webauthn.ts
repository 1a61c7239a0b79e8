/** Passkeys: what the browser is asked, and its answers, in the JSON forms of WebAuthn level 3. */

/** Whether this browser can make and use passkeys. */
export const canUsePasskeys = typeof window.PublicKeyCredential === "function";

type Options = Record<string, unknown>;

/** Let somebody prove who they are by a passkey of this server. Throws DOMException. */
export async function usePasskeyOf(options: Options): Promise<Record<string, unknown>> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as never);
  return toJson(await navigator.credentials.get({ publicKey }));
}

/** Make a passkey for this server. Throws DOMException. */
export async function makePasskey(options: Options): Promise<Record<string, unknown>> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as never);
  return toJson(await navigator.credentials.create({ publicKey }));
}

function toJson(credential: Credential | null): Record<string, unknown> {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return credential.toJSON() as unknown as Record<string, unknown>;
}
