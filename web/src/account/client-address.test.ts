import { expect, test } from "vitest";
import { clientAddress, nameOf, withToken } from "./client-address";

test("a token goes back to sites and to programs", () => {
  const site = clientAddress("http://localhost:4711/sso?a=1");
  const program = clientAddress("element://connect");
  if (!site || !program) throw new Error("an address was refused");
  expect(nameOf(site)).toBe("localhost:4711");
  expect(withToken(site, "t+k")).toBe("http://localhost:4711/sso?a=1&loginToken=t%2Bk");
  expect(nameOf(program)).toBe("element:…");
  expect(withToken(program, "t")).toBe("element://connect?loginToken=t");
});

test.each([
  "javascript:alert(1)",
  "JavaScript:alert(1)",
  " javascript:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,x",
  "blob:https://x/y",
  "http://app.example.org/",
  "intent://scan",
  "/somewhere",
  "",
  undefined,
  ["https://a.example"],
])("%j is no address of a client", (given) => {
  expect(clientAddress(given)).toBeNull();
});
