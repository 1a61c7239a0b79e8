import { describe, expect, it } from "vitest";
import { formOf, readTsv, writeCsv, writeTsv } from "./files";
import { blank, changed, entriesOf, faults, matching, pasted, rowsOf } from "./rows";

const rows = rowsOf([
  { source: "house", target: "Haus" },
  { source: "boat", target: "Boot" },
]);

describe("rows", () => {
  it("have one to write into when there are no entries", () => {
    expect(rowsOf([])).toEqual([{ id: 0, source: "", target: "" }]);
  });

  it("get ids that no other row has", () => {
    expect(rows.map((row) => row.id)).not.toContain(blank(rows).id);
  });

  it("change by id", () => {
    expect(entriesOf(changed(rows, 1, "target", " Kahn "))).toEqual([
      { source: "house", target: "Haus" },
      { source: "boat", target: "Kahn" },
    ]);
  });

  it("take a pasted table, and grow with it", () => {
    const after = pasted(rows, 1, "source", "ship\tSchiff\r\nport\tHafen\r\n");
    expect(entriesOf(after)).toEqual([
      { source: "house", target: "Haus" },
      { source: "ship", target: "Schiff" },
      { source: "port", target: "Hafen" },
    ]);
    expect(new Set(after.map((row) => row.id)).size).toBe(after.length);
  });

  it("take a pasted column without touching the other", () => {
    expect(entriesOf(pasted(rows, 0, "target", "Heim\nNachen"))).toEqual([
      { source: "house", target: "Heim" },
      { source: "boat", target: "Nachen" },
    ]);
  });

  it("tell halves and repetitions, and no empty row", () => {
    const faulty = rowsOf([
      { source: "house", target: "Haus" },
      { source: " house ", target: "Heim" },
      { source: "boat", target: "" },
      { source: "", target: "Schiff" },
      { source: "", target: " " },
    ]);
    expect([...faults(faulty)]).toEqual([
      [1, "repeated"],
      [2, "half"],
      [3, "half"],
    ]);
  });

  it("are found by either phrase, whatever its case", () => {
    expect([...matching(rows, "HAUS")]).toEqual([0]);
    expect([...matching(rows, "")]).toEqual([0, 1]);
  });
});

describe("files", () => {
  it("go out as TSV and come back", () => {
    const entries = entriesOf(rows);
    expect(readTsv(writeTsv(entries))).toEqual(entries);
    expect(readTsv("")).toEqual([]);
  });

  it("quote in CSV what has commas and quotes", () => {
    expect(writeCsv([{ source: 'a "b", c', target: "d" }])).toBe('"a ""b"", c",d\r\n');
  });

  it("have the form that their name says", () => {
    expect([formOf("A.CSV"), formOf("a.tsv"), formOf("a.txt")]).toEqual(["csv", "tsv", "tsv"]);
  });
});
