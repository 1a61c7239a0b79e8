import { useQuery } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { languages } from "@/api/queries";
import { LocaleContext, languageName, useText } from "@/i18n";
import { DialogForm, ErrorNote, Select, Skeleton } from "@/kit";
import { options } from "@/translate/choices";
import type { Pair } from "./queries";

/** A direction in the language of the interface. */
export function pairName({ source, target }: Pair, locale: string): string {
  return `${languageName(source, locale, source)} → ${languageName(target, locale, target)}`;
}

/** Whether two directions are the same. */
export function samePair(one: Pair | null, other: Pair): boolean {
  return one?.source === other.source && one.target === other.target;
}

interface NewPairProps {
  onChoose: (pair: Pair) => void;
  onClose: () => void;
}

/** Asks from which language into which. */
export function NewPair({ onChoose, onClose }: NewPairProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const known = useQuery(languages("glossary"));
  const sources = options(known.data ?? [], "source", locale);
  const targets = options(known.data ?? [], "target", locale);
  const [source, setSource] = useState("");
  const [target, setTarget] = useState("");
  const from = source || (sources[0]?.value ?? "");
  const into = target || (targets.find((each) => each.value !== from)?.value ?? "");
  if (known.error) return <ErrorNote error={known.error} retry={() => void known.refetch()} />;
  if (known.isPending) return <Skeleton className="h-36 w-full" />;
  return (
    <DialogForm
      action={text("common.add")}
      disabled={!from || !into || from === into}
      onSubmit={() => onChoose({ source: from, target: into })}
      onClose={onClose}
    >
      <div className="grid gap-1">
        <span className="font-medium">{text("translate.from")}</span>
        <div>
          <Select
            label={text("translate.from")}
            value={from}
            options={sources}
            onChange={setSource}
          />
        </div>
      </div>
      <div className="grid gap-1">
        <span className="font-medium">{text("translate.into")}</span>
        <div>
          <Select
            label={text("translate.into")}
            value={into}
            options={targets}
            onChange={setTarget}
          />
        </div>
      </div>
    </DialogForm>
  );
}
