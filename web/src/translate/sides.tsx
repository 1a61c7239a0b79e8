import { useContext, useState } from "react";
import { LocaleContext, languageName, useText } from "@/i18n";
import { ErrorNote, Icon, IconButton, type Option, Select, Skeleton, Spinner } from "@/kit";
import { DETECT } from "./choices";
import { SourcePane, TargetPane } from "./panes";
import type { Part, Translated } from "./stream";

const CHARACTERS_MAX = 30_000;

interface SourceSideProps {
  /** Null while they are not known. */
  languages: Option[] | null;
  source: string;
  detected: string | null;
  onSource: (source: string) => void;
  onSwap?: () => void;
  typed: string;
  onType: (text: string) => void;
  parts: Part[];
  marked: Part | null;
  onMark: (part: Part | null) => void;
}

/** The side that one writes on. */
export function SourceSide(props: SourceSideProps) {
  const { languages, detected, typed, onType } = props;
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const detection = detected
    ? text("translate.detected", { language: languageName(detected, locale, detected) })
    : text("translate.detect");
  return (
    <section className="flex min-h-64 flex-col border-line max-md:border-b md:min-h-96 md:border-r">
      <div className="flex h-13 items-center gap-2 border-b border-line px-2">
        {languages ? (
          <Select
            quiet
            label={text("translate.from")}
            value={props.source}
            onChange={props.onSource}
            options={[{ value: DETECT, label: detection }, ...languages]}
          />
        ) : (
          <Skeleton className="h-8 w-40" />
        )}
        <IconButton
          label={text("translate.swap")}
          onClick={props.onSwap}
          disabled={!props.onSwap}
          className="ml-auto"
        >
          <Icon name="swap" />
        </IconButton>
      </div>
      <SourcePane
        value={typed}
        onChange={onType}
        marked={props.marked}
        maxLength={CHARACTERS_MAX}
        onCaret={(position) => props.onMark(partAt(props.parts, position))}
      />
      <div className="flex h-12 items-center justify-between px-3 text-sm text-ink-soft">
        <span>{text("translate.characters", { count: typed.length, most: CHARACTERS_MAX })}</span>
        {typed ? (
          <IconButton label={text("translate.clear")} onClick={() => onType("")}>
            <Icon name="close" />
          </IconButton>
        ) : null}
      </div>
    </section>
  );
}

interface TargetSideProps {
  languages: Option[] | null;
  target: string;
  onTarget: (target: string) => void;
  translation: { result: Translated; error: unknown; isWorking: boolean };
  whole: string;
  marked: Part | null;
  onMark: (part: Part | null) => void;
}

/** The side that the translation stands on. */
export function TargetSide(props: TargetSideProps) {
  const { languages, target, whole } = props;
  const { result, error, isWorking } = props.translation;
  const text = useText();
  return (
    <section className="flex min-h-64 flex-col bg-sunken/40 md:min-h-96">
      <div className="flex h-13 items-center gap-2 border-b border-line px-2">
        {languages && target ? (
          <Select
            quiet
            label={text("translate.into")}
            value={target}
            onChange={props.onTarget}
            options={languages}
          />
        ) : (
          <Skeleton className="h-8 w-40" />
        )}
        <span className="ml-auto pr-2 text-ink-soft" role="status">
          {isWorking ? (
            <>
              <Spinner />
              <span className="sr-only">{text("translate.working")}</span>
            </>
          ) : null}
        </span>
      </div>
      <div className="flex grow flex-col overflow-auto">
        <TargetPane
          parts={result.parts}
          lang={target}
          isWorking={isWorking}
          marked={props.marked}
          onChoose={props.onMark}
        />
        {error ? (
          <div className="px-3 pb-3">
            <ErrorNote error={error} />
          </div>
        ) : null}
      </div>
      <div className="flex min-h-12 items-center justify-end gap-3 px-3">
        <Outcome result={result} />
        <CopyButton value={whole} />
      </div>
    </section>
  );
}

/** What became of the glossary's terms, and what had no effect. */
function Outcome({ result }: { result: Translated }) {
  const text = useText();
  const missing = result.terms.filter((term) => term.outcome === "missing");
  const used = result.terms.length - missing.length;
  const notes = [
    used > 0 ? text("translate.termsUsed", { count: used }) : "",
    missing.length > 0
      ? text("translate.termsMissing", { terms: missing.map((term) => term.source).join(", ") })
      : "",
    result.notApplied.length > 0
      ? text("translate.notApplied", { names: result.notApplied.join(", ") })
      : "",
  ].filter(Boolean);
  return (
    <p role="status" className="m-0 mr-auto min-w-0 truncate text-sm text-ink-soft">
      {notes.join(" · ")}
    </p>
  );
}

function partAt(parts: Part[], position: number): Part | null {
  return (
    parts.find((part) => part.isTranslated && part.start <= position && position < part.end) ?? null
  );
}

function CopyButton({ value }: { value: string }) {
  const text = useText();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <>
      <span role="status" className="text-sm text-good">
        {copied ? text("common.copied") : ""}
      </span>
      <IconButton label={text("common.copy")} disabled={!value} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
      </IconButton>
    </>
  );
}
