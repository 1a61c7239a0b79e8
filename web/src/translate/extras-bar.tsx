import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { glossaries, usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Select, Skeleton } from "@/kit";
import { FORMALITIES, type Formality, glossariesFor, hasFormality } from "./extras";

const NONE = "";

interface ExtrasBarProps {
  languages: Schema["LanguageV3"][];
  /** The source language, chosen or recognised; null while it is not known. */
  source: string | null;
  target: string;
  glossary: string | null;
  onGlossary: (id: string | null) => void;
  formality: Formality;
  onFormality: (formality: Formality) => void;
}

/** What a text can be translated with besides the model. The bar has one height, whatever is in it. */
export function ExtrasBar(props: ExtrasBarProps) {
  const text = useText();
  const mayRead = usePermissions().includes("glossaries:read");
  const known = useQuery({ ...glossaries, enabled: mayRead });
  const fitting = glossariesFor(known.data ?? [], props.source, props.target);
  return (
    <div className="-my-1 flex min-h-9 flex-wrap items-center gap-x-2 gap-y-1">
      {mayRead && known.isPending ? <Skeleton className="h-8 w-40" /> : null}
      {fitting.length > 0 ? (
        <Select
          label={text("translate.glossary")}
          value={props.glossary ?? NONE}
          options={[
            { value: NONE, label: text("translate.noGlossary") },
            ...fitting.map(({ glossary_id, name }) => ({ value: glossary_id, label: name })),
          ]}
          onChange={(id) => props.onGlossary(id === NONE ? null : id)}
        />
      ) : null}
      {hasFormality(props.languages, props.target) ? (
        <Select
          label={text("translate.formality")}
          value={props.formality}
          options={FORMALITIES.map((value) => ({
            value,
            label: text(`translate.formality.${value}`),
          }))}
          onChange={(next) => props.onFormality(next as Formality)}
        />
      ) : null}
      {mayRead && !known.isPending ? (
        <Link
          to="/admin/glossaries"
          className="rounded-lg px-2 py-1.5 text-ink-soft hover:bg-sunken hover:text-ink"
        >
          {text("nav.glossaries")}
        </Link>
      ) : null}
    </div>
  );
}
