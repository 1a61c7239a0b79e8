import { memo, useId } from "react";
import { useText } from "@/i18n";
import { Icon, IconButton } from "@/kit";
import type { Pair } from "./queries";
import type { Column, Fault, Row } from "./rows";

interface EntryRowProps {
  row: Row;
  number: number;
  /** The names of the languages. */
  source: string;
  target: string;
  pair: Pair;
  fault: Fault | undefined;
  mayWrite: boolean;
  onChange: (id: number, column: Column, phrase: string) => void;
  onRemove: (id: number) => void;
}

/** One entry of a glossary; drawn again only when it changes, as there may be hundreds. */
export const EntryRow = memo(function EntryRow(props: EntryRowProps) {
  const { row, number, pair, fault, mayWrite, onChange, onRemove } = props;
  const text = useText();
  const note = useId();
  const cell = (column: Column) => (
    <td className="p-0.5 align-top">
      <input
        aria-label={text("glossaries.cell", { language: props[column], number })}
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? note : undefined}
        data-row={row.id}
        data-column={column}
        lang={pair[column]}
        maxLength={1024}
        readOnly={!mayWrite}
        value={row[column]}
        onChange={(event) => onChange(row.id, column, event.target.value)}
        className="min-h-10 w-full rounded-md border border-transparent bg-transparent px-2.5 hover:border-line focus:border-line-strong aria-invalid:border-bad"
      />
      {fault && column === "source" ? (
        <p id={note} className="m-0 px-2.5 pb-1 text-sm text-bad">
          {text(`glossaries.${fault}`)}
        </p>
      ) : null}
    </td>
  );
  return (
    <tr className="border-b border-line last:border-0">
      {cell("source")}
      {cell("target")}
      <td className="p-0.5 align-top">
        {mayWrite ? (
          <IconButton
            label={text("glossaries.removeEntry", { source: row.source || String(number) })}
            onClick={() => onRemove(row.id)}
          >
            <Icon name="close" size={18} />
          </IconButton>
        ) : null}
      </td>
    </tr>
  );
});
