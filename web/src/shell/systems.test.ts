import { describe, expect, it } from "vitest";
import { PLACES, placeOf } from "./systems";

describe("the system that a page belongs to", () => {
  const systems = PLACES.filter((place) => place.system);

  it.each([
    ["/translate", "/translate"],
    ["/translate/documents", "/translate/documents"],
    ["/admin/groups/1", "/admin"],
  ])("of %s is %s", (pathname, system) => {
    expect(placeOf(pathname, systems)?.to).toBe(system);
  });

  it("is none beside all of them, nor one whose name only begins alike", () => {
    expect(placeOf("/account", systems)).toBeUndefined();
    expect(placeOf("/administration", systems)).toBeUndefined();
  });
});
