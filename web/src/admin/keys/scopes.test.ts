import { describe, expect, it } from "vitest";
import { endOfDay, purposesOf, scopesFor } from "./scopes";

const own = ["translate:text", "audit:read", "people:read", "people:write"];
const nothing = new Set<string>();

describe("the scopes of a new key", () => {
  it("are never more than its maker may do", () => {
    const chosen = new Set(["people:write", "provisioning"]);
    expect(scopesFor("choice", own, chosen)).toEqual(["people:write"]);
    expect(scopesFor("all", own, nothing)).toEqual(own);
    expect(scopesFor("read", own, nothing)).toEqual(["audit:read", "people:read"]);
    expect(scopesFor("provisioning", own, nothing)).toEqual([]);
  });

  it("are those of the server for translating", () => {
    expect(scopesFor("translate", own, nothing)).toBeNull();
  });

  it("are for provisioning only where its maker may do that", () => {
    expect(purposesOf(own)).not.toContain("provisioning");
    expect(purposesOf([...own, "provisioning"])).toContain("provisioning");
  });
});

it("a key ends when its last day does", () => {
  expect(endOfDay("")).toBeNull();
  const end = new Date(endOfDay("2026-12-31") ?? "");
  expect([end.getDate(), end.getHours()]).toEqual([31, 23]);
});
