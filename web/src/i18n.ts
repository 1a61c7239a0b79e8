import { i18n } from "@lingui/core";
import { createContext, useContext } from "react";
import type en from "./locales/en.json";

export type MessageId = keyof typeof en;

export const LOCALES = {
  en: "English",
  de: "Deutsch",
  pt: "Português",
  es: "Español",
  fr: "Français",
};
export type Locale = keyof typeof LOCALES;

const catalogues: Record<Locale, () => Promise<{ messages: Record<string, unknown> }>> = {
  en: () => import("./locales/en.json?lingui"),
  de: () => import("./locales/de.json?lingui"),
  pt: () => import("./locales/pt.json?lingui"),
  es: () => import("./locales/es.json?lingui"),
  fr: () => import("./locales/fr.json?lingui"),
};

const KEPT_AS = "hanse.locale";

/** The language of the interface: what was chosen here, else the browser's first that we have. */
export function preferredLocale(): Locale {
  const wanted = [localStorage.getItem(KEPT_AS), ...navigator.languages];
  for (const tag of wanted) {
    const language = tag?.split("-")[0];
    if (language && language in LOCALES) return language as Locale;
  }
  return "en";
}

/** Show the interface in `locale` from now on; `keep` remembers it on this device. */
export async function useCatalogue(locale: Locale, keep = false): Promise<void> {
  const { messages } = await catalogues[locale]();
  i18n.loadAndActivate({ locale, messages: messages as never });
  document.documentElement.lang = locale;
  if (keep) localStorage.setItem(KEPT_AS, locale);
}

export type Translate = (id: MessageId, values?: Record<string, unknown>) => string;

export const LocaleContext = createContext<{
  locale: Locale;
  setLocale: (locale: Locale) => void;
}>({ locale: "en", setLocale: () => undefined });

/** The texts of the interface, by id. */
export function useText(): Translate {
  useContext(LocaleContext); // drawn again when the language changes
  return (id, values) => i18n._(id, values);
}

/** The name of a language in the language of the interface, else as the server calls it. */
export function languageName(tag: string, locale: string, fallback: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? fallback;
  } catch {
    return fallback;
  }
}
