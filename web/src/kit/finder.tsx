import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useText } from "@/i18n";
import { Button } from "./button";
import { Field } from "./field";
import { ErrorNote } from "./states";

export interface Found {
  id: string;
  name: string;
  about?: string;
}

interface FinderProps {
  label: string;
  /** What its buttons do with what was found. */
  action: string;
  queryKey: string;
  search: (text: string) => Promise<Found[]>;
  onChoose: (found: Found) => void;
  busy?: boolean;
}

/** Find something among many by the beginning of its name, and do something with it. */
export function Finder({ label, action, queryKey, search, onChoose, busy }: FinderProps) {
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim());
  const found = useQuery({
    queryKey: [queryKey, "finder", query],
    enabled: query !== "",
    queryFn: () => search(query),
  });
  return (
    <div className="grid gap-2">
      <Field
        label={label}
        type="search"
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {query ? (
        <Results
          found={found}
          action={action}
          busy={busy}
          onChoose={(each) => {
            onChoose(each);
            setTyped("");
          }}
        />
      ) : null}
    </div>
  );
}

interface ResultsProps {
  found: UseQueryResult<Found[]>;
  action: string;
  busy?: boolean;
  onChoose: (found: Found) => void;
}

function Results({ found, action, busy, onChoose }: ResultsProps) {
  const text = useText();
  if (found.error) return <ErrorNote error={found.error} retry={() => void found.refetch()} />;
  return (
    <div role="status" className="min-h-9">
      {found.data?.length === 0 ? (
        <p className="m-0 py-1.5 text-ink-soft">{text("palette.nothing")}</p>
      ) : null}
      <ul className="m-0 grid list-none gap-1 p-0">
        {found.data?.map((each) => (
          <li key={each.id} className="flex items-center justify-between gap-3">
            <span className="min-w-0 break-words">
              {each.name}
              {each.about ? <span className="text-sm text-ink-soft"> {each.about}</span> : null}
            </span>
            <Button busy={busy} onClick={() => onChoose(each)}>
              {action}
              <span className="sr-only"> {each.name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
