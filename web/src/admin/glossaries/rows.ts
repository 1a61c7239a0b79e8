/** A glossary's entries while somebody writes them. Pure. */

export interface Entry {
  source: string;
  target: string;
}

/** An entry in the table; `id` stays while its phrases change. */
export interface Row extends Entry {
  id: number;
}

export type Column = keyof Entry;
export type Fault = "half" | "repeated";

/** The rows of these entries; one to write into if there are none. */
export function rowsOf(entries: Entry[]): Row[] {
  const rows = entries.map((entry, id) => ({ ...entry, id }));
  return rows.length > 0 ? rows : [blank(rows)];
}

/** An empty row that can stand beside these. */
export function blank(rows: Row[]): Row {
  return { id: rows.reduce((most, row) => Math.max(most, row.id), -1) + 1, source: "", target: "" };
}

/** The rows with another phrase in one of them. */
export function changed(rows: Row[], id: number, column: Column, phrase: string): Row[] {
  return rows.map((row) => (row.id === id ? { ...row, [column]: phrase } : row));
}

/**
 * The rows after a table was pasted into `column` of the row `id`: it fills that row and those
 * below it, and makes more where they end. Cells of a line are separated by tabs.
 */
export function pasted(rows: Row[], id: number, column: Column, table: string): Row[] {
  const lines = table.replaceAll("\r\n", "\n").replace(/\n+$/, "").split("\n");
  const first = rows.findIndex((row) => row.id === id);
  const result = [...rows];
  lines.forEach((line, index) => {
    const [one = "", other] = line.split("\t");
    const at = first + index;
    const before = result[at] ?? blank(result);
    if (column === "target") result[at] = { ...before, target: one };
    else result[at] = { ...before, source: one, target: other ?? before.target };
  });
  return result;
}

/** The entries that are to be kept: all but empty rows, without blanks around their phrases. */
export function entriesOf(rows: Row[]): Entry[] {
  return rows
    .map(({ source, target }) => ({ source: source.trim(), target: target.trim() }))
    .filter(({ source, target }) => source || target);
}

/** What is wrong with which row: half an entry, or a source that another row above has. */
export function faults(rows: Row[]): ReadonlyMap<number, Fault> {
  const found = new Map<number, Fault>();
  const seen = new Set<string>();
  for (const row of rows) {
    const source = row.source.trim().normalize("NFC");
    const hasTarget = row.target.trim() !== "";
    if (source === "" && !hasTarget) continue;
    if (source === "" || !hasTarget) found.set(row.id, "half");
    else if (seen.has(source)) found.set(row.id, "repeated");
    seen.add(source);
  }
  return found;
}

/** The ids of rows in which a text occurs, whatever its case; of all rows for an empty text. */
export function matching(rows: Row[], text: string): ReadonlySet<number> {
  const wanted = text.trim().toLowerCase();
  return new Set(
    rows
      .filter(({ source, target }) => `${source}\n${target}`.toLowerCase().includes(wanted))
      .map((row) => row.id),
  );
}
