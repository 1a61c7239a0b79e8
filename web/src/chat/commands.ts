import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Command = Schema["Command"];

/** The commands of a room. */
export const commandList = (room: string) =>
  queryOptions({
    queryKey: ["chat", "commands", room],
    staleTime: 30_000,
    queryFn: () =>
      unwrap(api.GET("/v1/rooms/{room_id}/commands", { params: { path: { room_id: room } } })),
  });

const NAME = /^\/([a-z][a-z0-9_-]*)(?=\s|$)/i;

/** The commands that fit what is being typed before the caret; a whole name is no question. */
export function fittingCommands(
  text: string,
  caret: number,
  commands: readonly Command[],
): Command[] {
  const typed = /^\/([a-z0-9_-]*)$/i.exec(text.slice(0, caret))?.[1]?.toLowerCase();
  if (typed === undefined || commands.some((each) => each.name === typed)) return [];
  return commands.filter((each) => each.name.startsWith(typed));
}

/** The command with which a text begins. */
export function commandIn(text: string, commands: readonly Command[]): Command | undefined {
  const name = NAME.exec(text)?.[1]?.toLowerCase();
  return commands.find((each) => each.name === name);
}

/**
 * What is sent of a text: `//` is a slash and no command, which Markdown writes with a backslash.
 * Null for a command that the room does not have.
 */
export function asSent(text: string, commands: readonly Command[]): string | null {
  if (text.startsWith("//")) return `\\${text.slice(1)}`;
  return NAME.test(text) && !commandIn(text, commands) ? null : text;
}
