import { useQuery } from "@tanstack/react-query";
import { type DragEvent, useContext, useEffect, useId, useRef, useState } from "react";
import { languages } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import { Button, EmptyState, ErrorNote, Icon, IconButton, PageHead, Select, Skeleton } from "@/kit";
import { firstTarget, keepTarget, options } from "./choices";
import { EXTENSIONS, type Progress, resultName, translateDocument } from "./document";

interface Work {
  id: number;
  file: File;
  target: string;
  progress: Progress;
  url: string | null;
  error: unknown;
  controller: AbortController;
}

/** Files in, the same files in another language out. */
export function DocumentsPage() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const known = useQuery(languages("translate_document"));
  const targets = options(known.data ?? [], "target", locale);
  const [target, setTarget] = useState("");
  const [works, setWorks] = useState<Work[]>([]);
  const next = useRef(1);
  useEffect(() => {
    if (!target && targets.length > 0) setTarget(firstTarget(targets, locale));
  }, [target, targets, locale]);

  const change = (id: number, changes: Partial<Work>) =>
    setWorks((all) => all.map((work) => (work.id === id ? { ...work, ...changes } : work)));
  const start = (file: File) => {
    const work: Work = {
      id: next.current++,
      file,
      target,
      progress: { state: "sending", done: 0, total: 0 },
      url: null,
      error: null,
      controller: new AbortController(),
    };
    setWorks((all) => [work, ...all]);
    translateDocument(
      file,
      target,
      (progress) => change(work.id, { progress }),
      work.controller.signal,
    ).then(
      (result) =>
        change(work.id, {
          url: URL.createObjectURL(result),
          progress: { state: "done", done: 1, total: 1 },
        }),
      (error) => change(work.id, { error }),
    );
  };
  const remove = (work: Work) => {
    work.controller.abort();
    if (work.url) URL.revokeObjectURL(work.url);
    setWorks((all) => all.filter((each) => each.id !== work.id));
  };

  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-5 px-3 py-4 md:px-6 md:py-8">
      <PageHead title={text("documents.title")}>
        {target ? (
          <Select
            label={text("translate.into")}
            value={target}
            options={targets}
            onChange={(value) => {
              setTarget(value);
              keepTarget(value);
            }}
          />
        ) : (
          <Skeleton className="h-9 w-44" />
        )}
      </PageHead>
      {known.error ? <ErrorNote error={known.error} retry={() => void known.refetch()} /> : null}
      <DropZone disabled={!target} onFiles={(files) => files.forEach(start)} />
      {works.length === 0 ? (
        <EmptyState title={text("documents.none")}>{text("documents.kept")}</EmptyState>
      ) : (
        <ul className="m-0 grid list-none gap-3 p-0">
          {works.map((work) => (
            <WorkRow key={work.id} work={work} onRemove={() => remove(work)} />
          ))}
        </ul>
      )}
    </div>
  );
}

function DropZone({ disabled, onFiles }: { disabled: boolean; onFiles: (files: File[]) => void }) {
  const text = useText();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    if (!disabled) onFiles([...event.dataTransfer.files]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
      className={`flex flex-col items-center gap-3 rounded-2xl border-2 border-dashed px-6 py-10 text-center transition-colors ${isOver ? "border-accent bg-accent-soft" : "border-line bg-surface"}`}
    >
      <span className="text-accent">
        <Icon name="upload" size={32} />
      </span>
      <p className="m-0">{text("documents.drop")}</p>
      <Button kind="primary" disabled={disabled} onClick={() => input.current?.click()}>
        {text("documents.choose")}
      </Button>
      <label htmlFor={id} className="sr-only">
        {text("documents.choose")}
      </label>
      <input
        ref={input}
        id={id}
        type="file"
        multiple
        tabIndex={-1}
        accept={EXTENSIONS}
        className="sr-only"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <p className="m-0 text-sm text-ink-soft">{text("documents.formats")}</p>
    </div>
  );
}

function WorkRow({ work, onRemove }: { work: Work; onRemove: () => void }) {
  const text = useText();
  const { progress } = work;
  const name = resultName(work.file.name, work.target);
  return (
    <li className="rounded-xl border border-line bg-surface px-4 py-3">
      <div className="flex items-center gap-3">
        <span className="text-ink-soft">
          <Icon name="file" />
        </span>
        <div className="min-w-0 grow">
          <p className="m-0 truncate font-medium">{work.file.name}</p>
          <p className="m-0 text-sm text-ink-soft" role="status">
            {work.error
              ? ""
              : text(`documents.${progress.state}`, { done: progress.done, total: progress.total })}
          </p>
        </div>
        {work.url ? (
          <a
            href={work.url}
            download={name}
            className="inline-flex min-h-9 items-center gap-2 rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-strong"
          >
            <Icon name="download" size={18} />
            {text("documents.download")}
          </a>
        ) : null}
        <IconButton label={text("documents.remove", { name: work.file.name })} onClick={onRemove}>
          <Icon name="close" />
        </IconButton>
      </div>
      {!work.url && !work.error ? (
        <progress
          aria-label={work.file.name}
          max={progress.total || undefined}
          value={progress.total ? progress.done : undefined}
          className="mt-3 h-1.5 w-full accent-accent"
        />
      ) : null}
      {work.error ? (
        <div className="mt-3">
          <ErrorNote error={work.error} />
        </div>
      ) : null}
    </li>
  );
}
