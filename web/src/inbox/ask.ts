import { send } from "@/api/client";

/** Ask one of the inbox's routes; `body` goes as JSON. Throws ApiError. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const options =
    body === undefined
      ? { method }
      : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await send(`/v1/me/${path}`, options);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}
