import { describe, expect, it } from "vitest";
import { filterOf, placeOf, settled } from "./drafts";

const stored = (text: string) => ({ room_id: "r", topic: null, thread: null, text, version: 7 });

describe("a draft", () => {
  it("that is not stored yet stays", () => {
    expect(settled("mine", null, stored("theirs"))).toBeNull();
    expect(settled("mine", null, null)).toBeNull();
    expect(settled("mine", -1, stored("theirs"))).toBeNull();
    expect(settled("", -1, stored("sent while offline"))).toBeNull();
  });

  it("that was stored follows the server", () => {
    expect(settled("mine", 5, stored("theirs"))).toBe("theirs");
    expect(settled("mine", 5, null)).toBe("");
    expect(settled("mine", 7, stored("mine"))).toBeNull();
  });

  it("is taken where nothing was written", () => {
    expect(settled("", null, stored("theirs"))).toBe("theirs");
    expect(settled("", null, null)).toBeNull();
  });

  it("has one name for each place", () => {
    expect(placeOf("r", filterOf({ topic: "Fish", thread: null }))).toBe("r.Fish");
    expect(placeOf("r", filterOf({ topic: null, thread: 3 }))).toBe("r.3");
    expect(placeOf("r", filterOf({ topic: null, thread: null }))).toBe("r");
  });
});
