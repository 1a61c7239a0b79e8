import { expect, test } from "vitest";
import { piecesOf } from "./marks";

test("ranges count code points, not UTF-16 units", () => {
  expect(piecesOf("🚢 the ship sails", [[6, 10]])).toEqual([
    { text: "🚢 the ", isFound: false },
    { text: "ship", isFound: true },
    { text: " sails", isFound: false },
  ]);
});

test("what is found at both ends leaves no empty pieces", () => {
  expect(
    piecesOf("ship ship", [
      [0, 4],
      [5, 9],
    ]).map((each) => each.text),
  ).toEqual(["ship", " ", "ship"]);
});
