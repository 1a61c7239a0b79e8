export type Theme = "light" | "dark" | "system";

const KEPT_AS = "hanse.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** What was chosen on this device. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEPT_AS);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Show the client in `theme` from now on. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEPT_AS, theme);
  const shown = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  document.documentElement.dataset.theme = shown;
}

dark.addEventListener("change", () => applyTheme(chosenTheme()));
