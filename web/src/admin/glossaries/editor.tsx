import { useMutation, useQuery } from "@tanstack/react-query";
import {
  type ClipboardEvent,
  type KeyboardEvent,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";
import { LocaleContext, languageName, useText } from "@/i18n";
import { Button, ErrorNote, Field, Skeleton } from "@/kit";
import { EntryRow } from "./entry-row";
import { writeTsv } from "./files";
import { deleteDictionary, entries, type Pair, writeDictionary } from "./queries";
import {
  blank,
  type Column,
  changed,
  type Entry,
  entriesOf,
  faults,
  matching,
  pasted,
  type Row,
  rowsOf,
} from "./rows";

const SHOWN = 100;

interface EditorProps {
  glossaryId: string;
  pair: Pair;
  /** Whether the server has this direction already. */
  isKept: boolean;
  mayWrite: boolean;
  onDirty: (isDirty: boolean) => void;
  onSaved: () => Promise<unknown>;
}

/** The entries of one direction, to change in a table. */
export function Editor(props: EditorProps) {
  const [startsEmpty] = useState(!props.isKept);
  const found = useQuery({ ...entries(props.glossaryId, props.pair), enabled: !startsEmpty });
  if (found.error) return <ErrorNote error={found.error} retry={() => void found.refetch()} />;
  const known = startsEmpty ? [] : found.data;
  if (!known) return <Skeleton className="h-96 w-full" />;
  return <EntryTable {...props} known={known} />;
}

function EntryTable(props: EditorProps & { known: Entry[] }) {
  const { glossaryId, pair, isKept, mayWrite, onDirty, onSaved } = props;
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const table = useRef<HTMLTableElement>(null);
  const focusNext = useRef<number | null>(null);
  const [rows, setRows] = useState<Row[]>(() => rowsOf(props.known));
  const [saved, setSaved] = useState(rows);
  const [isChecked, setChecked] = useState(false);
  const [filter, setFilter] = useState("");
  const [found, setFound] = useState<ReadonlySet<number> | null>(null);
  const [most, setMost] = useState(SHOWN);
  const isDirty = rows !== saved;
  useEffect(() => onDirty(isDirty), [isDirty, onDirty]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once the row is there, whatever changed
  useEffect(() => {
    if (focusNext.current === null) return;
    inputOf(table.current, focusNext.current, "source")?.focus();
    focusNext.current = null;
  }, [rows]);

  const save = useMutation({
    mutationFn: async (now: Row[]) => {
      const kept = entriesOf(now);
      if (kept.length > 0) {
        await writeDictionary(glossaryId, pair, writeTsv(kept), "tsv", "replace");
      } else if (isKept) {
        await deleteDictionary(glossaryId, pair);
      }
      await onSaved();
    },
    onSuccess: (_, now) => setSaved(now),
  });
  const wrong = isChecked ? faults(rows) : null;
  const trySave = () => {
    setChecked(true);
    const [first] = faults(rows).keys();
    if (first === undefined) {
      if (isDirty) save.mutate(rows);
      return;
    }
    setFound(null);
    setFilter("");
    setMost(Math.max(most, rows.findIndex((row) => row.id === first) + 1));
    focusNext.current = first;
    setRows([...rows]);
  };
  const insert = (index: number) => {
    const row = blank(rows);
    focusNext.current = row.id;
    setRows([...rows.slice(0, index), row, ...rows.slice(index)]);
    if (found) setFound(new Set([...found, row.id]));
    setMost(Math.max(most, index + 1));
  };
  const change = useCallback(
    (id: number, column: Column, phrase: string) =>
      setRows((before) => changed(before, id, column, phrase)),
    [],
  );
  const remove = useCallback((id: number) => {
    setRows((before) => {
      const index = before.findIndex((row) => row.id === id);
      const after = before.filter((row) => row.id !== id);
      const next = after.length > 0 ? after : [blank(before)];
      focusNext.current = (next[index] ?? next.at(-1))?.id ?? null;
      return next;
    });
  }, []);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      if (mayWrite) trySave();
      return;
    }
    const cell = cellOf(event.target);
    const step = event.nativeEvent.isComposing ? 0 : stepOf(event);
    if (!cell || step === 0) return;
    event.preventDefault();
    const inputs = [
      ...(table.current?.querySelectorAll<HTMLInputElement>(`[data-column=${cell.column}]`) ?? []),
    ];
    const next = inputs[inputs.indexOf(event.target as HTMLInputElement) + step];
    if (next) next.focus();
    else if (event.key === "Enter" && step > 0 && mayWrite) {
      insert(rows.findIndex((row) => row.id === cell.id) + 1);
    }
  };
  const onPaste = (event: ClipboardEvent<HTMLElement>) => {
    const cell = cellOf(event.target);
    const clip = event.clipboardData.getData("text/plain");
    if (!cell || !mayWrite || !/[\t\n]/.test(clip.trimEnd())) return;
    event.preventDefault();
    setFound(null);
    setFilter("");
    setRows(pasted(rows, cell.id, cell.column, clip));
  };

  const matched = found ? rows.filter((row) => found.has(row.id)) : rows;
  const names = {
    source: languageName(pair.source, locale, pair.source),
    target: languageName(pair.target, locale, pair.target),
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and pastes of the fields inside
    <div className="grid gap-3" onKeyDown={onKeyDown} onPaste={onPaste}>
      <div className="sticky top-14 z-10 -my-1 flex flex-wrap items-end gap-2 bg-paper py-2">
        <div className="grow max-md:basis-full">
          <Field
            label={text("glossaries.filter")}
            type="search"
            value={filter}
            onChange={(event) => {
              setFilter(event.target.value);
              setFound(event.target.value.trim() ? matching(rows, event.target.value) : null);
              setMost(SHOWN);
            }}
          />
        </div>
        {mayWrite ? (
          <>
            <Button className="min-h-10" onClick={() => insert(0)}>
              {text("glossaries.addEntry")}
            </Button>
            <Button
              kind="primary"
              className="min-h-10"
              busy={save.isPending}
              disabled={!isDirty}
              onClick={trySave}
            >
              {text("common.save")}
            </Button>
          </>
        ) : null}
      </div>
      <p role="status" className="m-0 text-sm text-ink-soft">
        {text("glossaries.entries", { count: entriesOf(rows).length })}
        {isDirty ? ` · ${text("glossaries.unsaved")}` : null}
        {!isDirty && save.isSuccess ? ` · ${text("common.saved")}` : null}
      </p>
      {save.error ? <ErrorNote error={save.error} /> : null}
      {wrong && wrong.size > 0 ? (
        <p role="alert" className="m-0 rounded-lg bg-bad-soft px-4 py-3 text-bad">
          {text("glossaries.faults", { count: wrong.size })}
        </p>
      ) : null}
      <div className="rounded-xl border border-line bg-surface">
        <table ref={table} className="w-full table-fixed border-collapse text-left">
          <thead className="text-sm text-ink-soft">
            <tr className="border-b border-line">
              <th scope="col" className="px-3 py-2 font-medium">
                {names.source}
              </th>
              <th scope="col" className="px-3 py-2 font-medium">
                {names.target}
              </th>
              <th scope="col" className="w-11">
                <span className="sr-only">{text("keys.actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {matched.slice(0, most).map((row, index) => (
              <EntryRow
                key={row.id}
                row={row}
                number={index + 1}
                source={names.source}
                target={names.target}
                pair={pair}
                fault={wrong?.get(row.id)}
                mayWrite={mayWrite}
                onChange={change}
                onRemove={remove}
              />
            ))}
          </tbody>
        </table>
      </div>
      {matched.length === 0 ? <p className="m-0 text-ink-soft">{text("palette.nothing")}</p> : null}
      {matched.length > most ? (
        <Button onClick={() => setMost(most + SHOWN)}>{text("common.more")}</Button>
      ) : null}
      {mayWrite ? <p className="m-0 text-sm text-ink-soft">{text("glossaries.keys")}</p> : null}
    </div>
  );
}

function stepOf(event: KeyboardEvent): number {
  if (event.key === "ArrowDown") return 1;
  if (event.key === "ArrowUp") return -1;
  if (event.key === "Enter") return event.shiftKey ? -1 : 1;
  return 0;
}

function cellOf(target: EventTarget): { id: number; column: Column } | null {
  if (!(target instanceof HTMLInputElement) || target.dataset.row === undefined) return null;
  return { id: Number(target.dataset.row), column: target.dataset.column as Column };
}

function inputOf(table: HTMLElement | null, id: number, column: Column): HTMLInputElement | null {
  return (
    table?.querySelector<HTMLInputElement>(`[data-row="${id}"][data-column="${column}"]`) ?? null
  );
}
