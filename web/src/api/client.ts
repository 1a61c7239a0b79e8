import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];

/** The API of this server, typed by its OpenAPI document. */
export const api = createClient<paths>({ baseUrl: "/" });

/** An answer that is no success, with what the server says about it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfterS: number | null,
    /** What the answer says besides, by name. */
    readonly facts: Record<string, unknown> = {},
  ) {
    super(detail);
  }

  /** Read either of the two forms of errors: RFC 9457, and that of the text API. */
  static from(response: Response, body: unknown): ApiError {
    const fields = (typeof body === "object" && body !== null ? body : {}) as Record<
      string,
      unknown
    >;
    const detail = fields.detail ?? fields.message ?? response.statusText;
    const retryAfter = Number(response.headers.get("retry-after"));
    return new ApiError(
      response.status,
      String(fields.code ?? response.status),
      String(detail),
      retryAfter > 0 ? retryAfter : null,
      fields,
    );
  }
}

/** The data of an answer; throws ApiError for any other. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw ApiError.from(response, error);
  return data as T;
}

/** Send a request whose answer has no type in the document (files, streams). Throws ApiError. */
export async function send(path: string, options: RequestInit): Promise<Response> {
  const response = await fetch(path, options);
  if (!response.ok) throw ApiError.from(response, await response.json().catch(() => null));
  return response;
}
