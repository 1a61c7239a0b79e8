import type { Schema } from "@/api/client";
import { languageName } from "@/i18n";
import type { Option } from "@/kit";

export const DETECT = "";
const KEPT_AS = "hanse.translate.target";

type Language = Schema["LanguageV3"];

/** The languages to translate from or into, by their names in the language of the interface. */
export function options(
  languages: Language[],
  side: "source" | "target",
  locale: string,
): Option[] {
  return languages
    .filter((each) => (side === "source" ? each.usable_as_source : each.usable_as_target))
    .map((each) => ({ value: each.lang, label: languageName(each.lang, locale, each.name) }))
    .sort((one, other) => one.label.localeCompare(other.label, locale));
}

/** The target to begin with: the one chosen last, else another language than the reader's. */
export function firstTarget(targets: Option[], locale: string): string {
  const kept = localStorage.getItem(KEPT_AS);
  const found =
    targets.find((option) => option.value === kept) ??
    targets.find((option) => option.value.startsWith("en") && locale !== "en") ??
    targets.find((option) => !option.value.toLowerCase().startsWith(locale));
  return found?.value ?? targets[0]?.value ?? "";
}

/** Remember the target on this device. */
export function keepTarget(target: string): void {
  localStorage.setItem(KEPT_AS, target);
}

/** The option whose language is that of `tag`, whatever its region. */
export function sameLanguage(among: Option[], tag: string | null): string | null {
  const language = tag?.split("-")[0]?.toLowerCase();
  return (
    among.find((option) => option.value.split("-")[0]?.toLowerCase() === language)?.value ?? null
  );
}
