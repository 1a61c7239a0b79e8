import { ApiError, type Schema, send } from "@/api/client";

export const EXTENSIONS =
  ".docx,.pptx,.xlsx,.odt,.odp,.ods,.pdf,.html,.htm,.txt,.md,.xlf,.xliff,.srt,.vtt,.epub,.json,.yaml,.yml,.po";

const ASK_EVERY_MS = 700;

export interface Progress {
  state: "sending" | "waiting" | "translating" | "done";
  done: number;
  total: number;
}

type Status = Schema["DocumentStatus"] & { segments?: number; segments_done?: number };

interface Handle {
  document_id: string;
  document_key: string;
}

/** Have a file translated, and return the address of the result. Throws ApiError. */
export async function translateDocument(
  file: File,
  target: string,
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Blob> {
  tell({ state: "sending", done: 0, total: 0 });
  const form = new FormData();
  form.set("target_lang", target);
  form.set("file", file);
  const posted = await send("/v2/document", { method: "POST", body: form, signal });
  const handle = (await posted.json()) as Handle;
  for (;;) {
    const status = (await (await ask(handle, "", signal)).json()) as Status;
    if (status.status === "error") {
      throw new ApiError(400, "document", status.message ?? status.status, null);
    }
    if (status.status === "done") break;
    tell({
      state: status.status === "translating" ? "translating" : "waiting",
      done: status.segments_done ?? 0,
      total: status.segments ?? 0,
    });
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    signal.throwIfAborted();
  }
  return (await ask(handle, "/result", signal)).blob();
}

function ask(handle: Handle, what: string, signal: AbortSignal): Promise<Response> {
  return send(`/v2/document/${handle.document_id}${what}`, {
    method: "POST",
    signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ document_key: handle.document_key }),
  });
}

/** The name that the translation of a file has. */
export function resultName(name: string, target: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}.${target}${name.slice(dot)}` : `${name}.${target}`;
}
