import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, send, unwrap } from "@/api/client";
import { readTsv } from "./files";
import type { Entry } from "./rows";

export type Glossary = Schema["GlossaryV3"];

/** A direction of a glossary, by root languages. */
export interface Pair {
  source: string;
  target: string;
}

/** One glossary, without its entries. */
export const glossary = (id: string) =>
  queryOptions({
    queryKey: ["glossary", id],
    queryFn: () =>
      unwrap(api.GET("/v3/glossaries/{glossary_id}", { params: { path: { glossary_id: id } } })),
  });

/** The entries of one direction. Nothing is kept: whoever opens them edits what is there now. */
export const entries = (id: string, { source, target }: Pair) =>
  queryOptions({
    queryKey: ["glossary", id, "entries", source, target],
    gcTime: 0,
    queryFn: async (): Promise<Entry[]> => {
      const found = await unwrap(
        api.GET("/v3/glossaries/{glossary_id}/entries", {
          params: {
            path: { glossary_id: id },
            query: { source_lang: source, target_lang: target },
          },
        }),
      );
      return readTsv(found.dictionaries[0]?.entries ?? "");
    },
  });

/** Make a glossary without entries. */
export function makeGlossary(name: string): Promise<Glossary> {
  return unwrap(api.POST("/v3/glossaries", { body: { name, dictionaries: [] } }));
}

/** Call a glossary something else. */
export function renameGlossary(id: string, name: string): Promise<Glossary> {
  return unwrap(
    api.PATCH("/v3/glossaries/{glossary_id}", {
      params: { path: { glossary_id: id } },
      body: { name },
    }),
  );
}

/** Delete a glossary with all its directions. */
export async function deleteGlossary(id: string): Promise<void> {
  await send(`/v3/glossaries/${id}`, { method: "DELETE" });
}

/** Delete one direction. */
export async function deleteDictionary(id: string, { source, target }: Pair): Promise<void> {
  const query = new URLSearchParams({ source_lang: source, target_lang: target });
  await send(`/v3/glossaries/${id}/dictionaries?${query}`, { method: "DELETE" });
}

/** Write one direction: in place of what it was, or beside it, where sources win that it has. */
export async function writeDictionary(
  id: string,
  { source, target }: Pair,
  text: string,
  form: "tsv" | "csv",
  how: "replace" | "add",
): Promise<void> {
  const dictionary = {
    source_lang: source,
    target_lang: target,
    entries: text,
    entries_format: form,
  };
  const [method, path, body] =
    how === "replace"
      ? ["PUT", `/v3/glossaries/${id}/dictionaries`, dictionary]
      : ["PATCH", `/v3/glossaries/${id}`, { dictionaries: [dictionary] }];
  await send(path as string, {
    method: method as string,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
