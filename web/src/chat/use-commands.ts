import { useQuery } from "@tanstack/react-query";
import { commandIn, commandList, fittingCommands } from "./commands";

/** Something that stands for what is being typed. */
export interface Choice {
  isGroup?: boolean;
  id: string;
  name: string;
  about?: string;
}

/**
 * The commands of a room while one is written: all (if they are known), those that fit what is
 * being typed, and how the one is used with which the text begins.
 */
export function useCommands(room: string | null, typed: string, caret: number | null) {
  const isWanted = room !== null && typed.startsWith("/");
  const found = useQuery({ ...commandList(room ?? ""), enabled: isWanted });
  const commands = isWanted ? found.data : undefined;
  const fits = commands && caret !== null ? fittingCommands(typed, caret, commands) : [];
  const offered = fits.map(({ name, hint, description }): Choice => {
    return { id: name, name: `/${name}`, about: [hint, description].filter(Boolean).join(" – ") };
  });
  const begun = commands && commandIn(typed, commands);
  const used = begun ? [`/${begun.name} ${begun.hint}`.trim(), begun.description] : [];
  return { commands, offered, used: used.filter(Boolean).join(" – ") };
}
