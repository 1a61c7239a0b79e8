const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** A number of bytes as people say it, such as "1.4 MB". */
export function sized(bytes: number, locale: string): string {
  const step = Math.min(UNITS.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}
