import type { Schema } from "@/api/client";
import { type Translate, useText } from "@/i18n";
import { Notice } from "@/kit";
import type { Tried } from "./queries";

type Step = Schema["TrialStep"];
type Effect = Step["effects"][number];

/** What would have come of the room's past. */
export function Trial({ tried }: { tried: Tried }) {
  const text = useText();
  const steps = tried.steps ?? [];
  const telling = steps.filter((each) => each.fault || each.effects.length > 0);
  const count = (of: (step: Step) => number) => steps.reduce((sum, each) => sum + of(each), 0);
  if (tried.fault) {
    return <Notice>{text("programs.loadsNot", { detail: placed(tried.fault, text) })}</Notice>;
  }
  return (
    <section aria-label={text("programs.trial")} className="grid gap-2">
      <p role="status" className="m-0">
        {text("programs.tried", {
          count: steps.length,
          effects: count((each) => each.effects.length),
          faults: count((each) => (each.fault ? 1 : 0)),
        })}
      </p>
      {tried.is_whole === false ? <Notice>{text("programs.cut")}</Notice> : null}
      {telling.length > 0 ? (
        <ol className="m-0 grid list-none gap-2 p-0">
          {telling.map((each) => (
            <li key={each.number} className="rounded-lg border border-line bg-surface px-3 py-2">
              <p className="m-0 text-sm text-ink-soft">
                {text("programs.event", { number: each.number })} ·{" "}
                {text("programs.fuel", { count: each.fuel })}
              </p>
              {each.fault ? (
                <p className="m-0 break-words text-bad">{placed(each.fault, text)}</p>
              ) : null}
              <Effects effects={each.effects} />
            </li>
          ))}
        </ol>
      ) : null}
      <details>
        <summary className="min-h-6 cursor-pointer">{text("programs.state")}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre tabIndex={0} className="m-0 max-h-60 overflow-auto rounded-lg bg-sunken p-3 text-sm">
          {JSON.stringify(tried.state ?? null, null, 2)}
        </pre>
      </details>
    </section>
  );
}

function Effects({ effects }: { effects: readonly Effect[] }) {
  const text = useText();
  return effects.map((each, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the effects of an event never change their places
    <p key={index} className="m-0 break-words whitespace-pre-wrap">
      <span className="font-medium">{text(`programs.effect.${each.type}`)}</span> {detailOf(each)}
    </p>
  ));
}

function detailOf(effect: Effect): string {
  switch (effect.type) {
    case "post":
    case "edit":
      return effect.text;
    case "card":
      return [effect.title, effect.text].filter(Boolean).join("\n");
    case "react":
      return `${effect.emoji} → ${effect.target}`;
    case "timer":
      return [effect.key, effect.at].filter(Boolean).join(" ");
    case "http":
      return `${effect.method ?? "GET"} ${effect.url}`;
    case "translate":
      return `${effect.to}: ${effect.text}`;
    case "delete":
      return String(effect.target);
    case "moderate":
      return JSON.stringify(effect.rules ?? {});
  }
}

/** What a fault says, with its place in the source. */
export function placed(
  fault: { detail: string; line?: number | null; column?: number | null },
  text: Translate,
): string {
  const { detail, line, column } = fault;
  if (!line) return detail;
  // Lua tells no columns.
  const place = column
    ? text("programs.place", { line, column })
    : text("programs.placeLine", { line });
  return `${detail} (${place})`;
}
