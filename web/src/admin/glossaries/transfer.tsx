import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Button, Check, Dialog, DialogForm, ErrorNote, Icon } from "@/kit";
import { formOf, readTsv, save, writeCsv } from "./files";
import { type Glossary, type Pair, writeDictionary } from "./queries";

const FILE_BYTES_MAX = 10 * 1024 * 1024;

interface TransferProps {
  glossary: Glossary;
  pair: Pair;
  isKept: boolean;
  mayWrite: boolean;
  onImported: () => Promise<void>;
}

/** Entries from a file, and into one. */
export function Transfer({ glossary, pair, isKept, mayWrite, onImported }: TransferProps) {
  const text = useText();
  const [importing, setImporting] = useState(false);
  const keep = useMutation({
    mutationFn: async (form: "tsv" | "csv") => {
      const found = await unwrap(
        api.GET("/v3/glossaries/{glossary_id}/entries", {
          params: {
            path: { glossary_id: glossary.glossary_id },
            query: { source_lang: pair.source, target_lang: pair.target },
          },
        }),
      );
      const entries = found.dictionaries[0]?.entries ?? "";
      const name = `${glossary.name} ${pair.source}-${pair.target}.${form}`;
      if (form === "tsv") save(name, entries, "text/tab-separated-values");
      else save(name, writeCsv(readTsv(entries)), "text/csv");
    },
  });
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap gap-2">
        {mayWrite ? (
          <Button onClick={() => setImporting(true)}>
            <Icon name="upload" size={18} />
            {text("glossaries.import")}
          </Button>
        ) : null}
        {(["tsv", "csv"] as const).map((form) => (
          <Button key={form} disabled={!isKept || keep.isPending} onClick={() => keep.mutate(form)}>
            <Icon name="download" size={18} />
            {text("glossaries.export", { form: form.toUpperCase() })}
          </Button>
        ))}
      </div>
      {keep.error ? <ErrorNote error={keep.error} /> : null}
      <Dialog
        title={text("glossaries.import")}
        open={importing}
        onClose={() => setImporting(false)}
      >
        <Import
          glossaryId={glossary.glossary_id}
          pair={pair}
          onClose={() => setImporting(false)}
          onImported={onImported}
        />
      </Dialog>
    </div>
  );
}

interface ImportProps {
  glossaryId: string;
  pair: Pair;
  onClose: () => void;
  onImported: () => Promise<void>;
}

function Import({ glossaryId, pair, onClose, onImported }: ImportProps) {
  const text = useText();
  const id = useId();
  const [file, setFile] = useState<File | null>(null);
  const [how, setHow] = useState<"add" | "replace">("add");
  const isTooLarge = file !== null && file.size > FILE_BYTES_MAX;
  const take = useMutation({
    mutationFn: async (from: File) =>
      writeDictionary(glossaryId, pair, await from.text(), formOf(from.name), how),
    onSuccess: async () => {
      await onImported();
      onClose();
    },
  });
  const submit = () => {
    if (file && !isTooLarge) take.mutate(file);
  };
  return (
    <DialogForm
      action={text("glossaries.import")}
      busy={take.isPending}
      error={take.error}
      disabled={!file || isTooLarge}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="grid gap-1">
        <label htmlFor={id} className="font-medium">
          {text("glossaries.file")}
        </label>
        <input
          id={id}
          type="file"
          required
          accept=".tsv,.csv,.txt,text/csv,text/tab-separated-values"
          aria-describedby={`${id}-note`}
          onChange={(event) => setFile(event.target.files?.[0] ?? null)}
          className="w-full rounded-lg border border-line-strong bg-surface p-2 file:mr-3 file:rounded-md file:border-0 file:bg-sunken file:px-3 file:py-1.5 file:text-ink"
        />
        <p id={`${id}-note`} className={`m-0 text-sm ${isTooLarge ? "text-bad" : "text-ink-soft"}`}>
          {text(isTooLarge ? "glossaries.tooLarge" : "glossaries.fileHint")}
        </p>
      </div>
      <fieldset className="m-0 border-0 p-0">
        <legend className="sr-only">{text("glossaries.import")}</legend>
        {(["add", "replace"] as const).map((each) => (
          <Check
            key={each}
            kind="radio"
            name="how"
            label={text(`glossaries.${each}`)}
            checked={how === each}
            onChange={() => setHow(each)}
          />
        ))}
      </fieldset>
    </DialogForm>
  );
}
