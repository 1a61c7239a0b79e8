import type { ReactNode } from "react";

interface TableProps {
  label: string;
  columns: string[];
  children: ReactNode;
}

/** Rows under headings; wider ones than the page scroll in themselves. */
export function Table({ label, columns, children }: TableProps) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={label}
      className="relative overflow-x-auto rounded-xl border border-line bg-surface"
    >
      <table className="w-full border-collapse text-left [&_td]:px-4 [&_td]:py-2.5 [&_th[scope=row]]:min-w-32 [&_th]:px-4 [&_th]:py-2.5 [&_tbody_tr:last-child]:border-0 [&_tr]:border-b [&_tr]:border-line">
        <thead className="text-sm text-ink-soft">
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" className="font-medium whitespace-nowrap">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
