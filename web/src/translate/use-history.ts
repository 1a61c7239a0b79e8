import { useEffect, useState } from "react";
import { type Remembered, readHistory, remembered, writeHistory } from "./history";

const SETTLED_MS = 1500;

export interface History {
  /** Null: nothing is kept. */
  entries: Remembered[] | null;
  turn: (on: boolean) => void;
  forget: (entry: Remembered) => void;
}

/** A person's history; takes up `current` once it has stood for a moment. */
export function useHistory(
  personId: string | undefined,
  current: Omit<Remembered, "at"> | null,
): History {
  const [entries, setEntries] = useState(() => (personId ? readHistory(personId) : null));
  const isOn = entries !== null;
  const { source, target, text, translation } = current ?? {};

  useEffect(() => {
    if (!personId || !isOn || !source || !target || !text || !translation) return;
    const timer = setTimeout(() => {
      const entry = { at: new Date().toISOString(), source, target, text, translation };
      // Another tab may have written meanwhile.
      const next = remembered(readHistory(personId) ?? [], entry);
      writeHistory(personId, next);
      setEntries(next);
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [personId, isOn, source, target, text, translation]);

  const write = (next: Remembered[] | null) => {
    if (!personId) return;
    writeHistory(personId, next);
    setEntries(next);
  };
  return {
    entries,
    turn: (on) => write(on ? [] : null),
    forget: (entry) => write((entries ?? []).filter((each) => each !== entry)),
  };
}
