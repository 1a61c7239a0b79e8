import { useText } from "@/i18n";
import { Badge } from "@/kit";
import type { Program } from "./queries";

const TONES = { running: "good", paused: "plain", stopped: "bad", deleted: "plain" } as const;

/** What is with a program, in a word. */
export function StateBadge({ program }: { program: Program }) {
  const text = useText();
  const { status } = program;
  return <Badge tone={TONES[status]}>{text(`programs.status.${status}`)}</Badge>;
}

/** Why a program was stopped; nothing if it was not. */
export function StopReason({ program }: { program: Program }) {
  const text = useText();
  if (program.status !== "stopped" || !program.reason) return null;
  return (
    <p className="m-0 text-sm break-words text-bad">
      {text("programs.stoppedBecause", { reason: program.reason })}
    </p>
  );
}
