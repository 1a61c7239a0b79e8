import { describe, expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { duration, failure, isFinal, whyFailed } from "./refused";

const text = (id: string, values?: object) => `${id} ${JSON.stringify(values ?? {})}`;
const entry = {
  key: "1",
  room_id: "r",
  made_at: "2026-03-02T08:00:00Z",
  event: { kind: "message" as const, text: "Hello" },
  state: "sending" as const,
};

describe("what the server refused", () => {
  test("is told in the reader's language if a rule refused it", () => {
    const facts = { rule: "words", word: "tub", reason: "Be kind." };
    const refused = {
      ...entry,
      ...failure(new ApiError(403, "refused_by_rules", "No", null, facts)),
    };
    expect(refused.state).toBe("failed");
    expect(whyFailed(refused, text, "en")).toBe('refused.words {"word":"tub"} Be kind.');
  });

  test("is told in the server's words if it was anything else, or a rule that is not known here", () => {
    const other = { ...entry, ...failure(new ApiError(403, "muted_in_room", "Not now.", null)) };
    expect(other.refused).toBeUndefined();
    expect(whyFailed(other, text, "en")).toBe("Not now.");
    const error = new ApiError(403, "refused_by_rules", "No moons.", null, { rule: "moons" });
    expect(whyFailed({ ...entry, ...failure(error) }, text, "en")).toBe("No moons.");
  });

  test("is not tried again, but what passes is", () => {
    expect(isFinal(new ApiError(403, "refused_by_rules", "", 60))).toBe(true);
    for (const status of [401, 429, 503])
      expect(isFinal(new ApiError(status, "", "", null))).toBe(false);
    expect(isFinal(new TypeError("no network"))).toBe(false);
  });

  test("says how long to wait, never less", () => {
    const said = [1, 60, 61, 121, 3599, 3600, 7201].map((each) => duration(each, "en"));
    expect(said).toEqual([
      "1 second",
      "1 minute",
      "61 seconds",
      "3 minutes",
      "60 minutes",
      "1 hour",
      "3 hours",
    ]);
  });
});
