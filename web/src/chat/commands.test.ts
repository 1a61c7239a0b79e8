import { expect, test } from "vitest";
import { asSent, type Command, commandIn, fittingCommands } from "./commands";

const COMMANDS: Command[] = ["deploy", "deny", "who"].map((name) => ({
  name,
  hint: "",
  description: "",
}));

test("commands are offered by how their names begin until one is whole", () => {
  const names = (text: string, caret = text.length) =>
    fittingCommands(text, caret, COMMANDS).map((each) => each.name);
  expect(names("/")).toEqual(["deploy", "deny", "who"]);
  expect(names("/De")).toEqual(["deploy", "deny"]);
  expect(names("/who")).toEqual([]);
  expect(names("/x")).toEqual([]);
  expect(names("say /de")).toEqual([]);
  expect(names("/deploy now", 3)).toEqual(["deploy", "deny"]);
});

test("a command that the room does not have is not sent", () => {
  expect(asSent("/dance", COMMANDS)).toBeNull();
  expect(asSent("/deploy api", COMMANDS)).toBe("/deploy api");
  expect(commandIn("/WHO", COMMANDS)?.name).toBe("who");
});

test("two slashes are one slash and no command; paths are text", () => {
  expect(asSent("//deploy", COMMANDS)).toBe("\\/deploy");
  expect(asSent("/usr/bin is full", COMMANDS)).toBe("/usr/bin is full");
  expect(asSent("either/or", COMMANDS)).toBe("either/or");
  expect(asSent("/", COMMANDS)).toBe("/");
});
