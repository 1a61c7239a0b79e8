import type { Entry } from "./rows";

/** The entries of tab-separated values as the server writes them. */
export function readTsv(text: string): Entry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [source = "", target = ""] = line.split("\t");
      return { source, target };
    });
}

/** Entries as tab-separated values, which know no quoting. */
export function writeTsv(entries: Entry[]): string {
  return entries.map(({ source, target }) => `${source}\t${target}`).join("\n");
}

/** Entries as comma-separated values (RFC 4180). */
export function writeCsv(entries: Entry[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return entries.map(({ source, target }) => `${cell(source)},${cell(target)}\r\n`).join("");
}

/** The form of a file by its name. */
export function formOf(name: string): "csv" | "tsv" {
  return name.toLowerCase().endsWith(".csv") ? "csv" : "tsv";
}

/** Let the browser keep a text as a file. */
export function save(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
