import { useContext, useState } from "react";
import { LocaleContext, languageName, useText } from "@/i18n";
import { Button, Check, Icon, IconButton } from "@/kit";
import type { Remembered } from "./history";
import type { History } from "./use-history";

const SHOWN = 5;

interface HistoryListProps {
  history: History;
  onChoose: (entry: Remembered) => void;
}

/** What was translated before on this device, if that is wanted. */
export function HistoryList({ history, onChoose }: HistoryListProps) {
  const text = useText();
  const [most, setMost] = useState(SHOWN);
  const entries = history.entries ?? [];
  return (
    <section aria-label={text("history.title")} className="grid gap-2">
      <Check
        label={text("history.keep")}
        hint={text("history.hint")}
        checked={history.entries !== null}
        onChange={(event) => history.turn(event.target.checked)}
      />
      {entries.length > 0 ? (
        <ul className="m-0 grid list-none gap-2 p-0">
          {entries.slice(0, most).map((entry) => (
            <EntryRow
              key={entry.at}
              entry={entry}
              onChoose={() => onChoose(entry)}
              onForget={() => history.forget(entry)}
            />
          ))}
        </ul>
      ) : null}
      {entries.length > most ? (
        <Button onClick={() => setMost(most + SHOWN)}>{text("common.more")}</Button>
      ) : null}
    </section>
  );
}

interface EntryRowProps {
  entry: Remembered;
  onChoose: () => void;
  onForget: () => void;
}

function EntryRow({ entry, onChoose, onForget }: EntryRowProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const name = (tag: string) => languageName(tag, locale, tag);
  return (
    <li className="flex items-center gap-1 rounded-xl border border-line bg-surface pr-1">
      <button
        type="button"
        onClick={onChoose}
        className="min-w-0 grow rounded-xl px-4 py-2.5 text-left hover:bg-sunken"
      >
        <span className="block text-sm text-ink-soft">
          {name(entry.source)} → {name(entry.target)} · {time.format(new Date(entry.at))}
        </span>
        <span className="block truncate" lang={entry.source}>
          {entry.text}
        </span>
        <span className="block truncate text-ink-soft" lang={entry.target}>
          {entry.translation}
        </span>
      </button>
      <IconButton
        label={text("history.forget", { text: entry.text.slice(0, 40) })}
        onClick={onForget}
      >
        <Icon name="close" size={18} />
      </IconButton>
    </li>
  );
}
