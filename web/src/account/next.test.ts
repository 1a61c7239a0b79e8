import { expect, it } from "vitest";
import { safeNext } from "./next";

it.each(["/translate", "/admin/keys?x=1#y"])("leads back to the page %s", (page) => {
  expect(safeNext(page)).toBe(page);
});

it.each([
  "//evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "https://evil.example/",
  "javascript:alert(1)",
  "/sign-in?next=/sign-in",
  undefined,
  7,
])("leads to the start instead of to %s", (page) => {
  expect(safeNext(page)).toBe("/");
});
