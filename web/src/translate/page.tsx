import { useQuery } from "@tanstack/react-query";
import { useContext, useEffect, useState } from "react";
import { languages } from "@/api/queries";
import { LocaleContext, languageName, useText } from "@/i18n";
import { ErrorNote, Icon, IconButton, Select, Skeleton, Spinner } from "@/kit";
import { DETECT, firstTarget, keepTarget, options, sameLanguage } from "./choices";
import { SourcePane, TargetPane } from "./panes";
import type { Part } from "./stream";
import { useTranslation } from "./use-translation";

const CHARACTERS_MAX = 30_000;

/** Two panes: what is written on the left stands on the right in another language. */
export function TranslatePage() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const known = useQuery(languages("translate_text"));
  const [typed, setTyped] = useState("");
  const [source, setSource] = useState(DETECT);
  const [target, setTarget] = useState("");
  const [marked, setMarked] = useState<Part | null>(null);
  const { result, error, isWorking } = useTranslation(typed, source || null, target);

  const sources = options(known.data ?? [], "source", locale);
  const targets = options(known.data ?? [], "target", locale);
  useEffect(() => {
    if (!target && targets.length > 0) setTarget(firstTarget(targets, locale));
  }, [target, targets, locale]);

  const detected = source === DETECT && result.detected ? result.detected : null;
  const whole = result.parts.map((part) => part.text).join("");
  const from = source || sameLanguage(sources, detected);
  const canSwap = from !== null && sameLanguage(sources, target) !== null;

  const choose = (next: string) => {
    setTarget(next);
    keepTarget(next);
  };
  const swap = () => {
    const next = sameLanguage(targets, from);
    const back = sameLanguage(sources, target);
    if (!next || !back) return;
    setSource(back);
    choose(next);
    setMarked(null);
    if (whole) setTyped(whole);
  };
  const write = (value: string) => {
    setTyped(value);
    setMarked(null);
  };

  if (known.error) return <Failed error={known.error} retry={() => void known.refetch()} />;
  return (
    <div className="mx-auto flex w-full max-w-6xl grow flex-col gap-4 px-3 py-4 md:px-6 md:py-8">
      <h1 className="m-0 text-2xl font-semibold tracking-tight">{text("translate.title")}</h1>
      <div className="grid grow overflow-hidden rounded-2xl border border-line bg-surface shadow-card md:max-h-[34rem] md:grid-cols-2">
        <section className="flex min-h-64 flex-col border-line max-md:border-b md:min-h-96 md:border-r">
          <div className="flex h-13 items-center gap-2 border-b border-line px-2">
            {known.data ? (
              <Select
                quiet
                label={text("translate.from")}
                value={source}
                onChange={setSource}
                options={[
                  {
                    value: DETECT,
                    label: detected
                      ? text("translate.detected", {
                          language: languageName(detected, locale, detected),
                        })
                      : text("translate.detect"),
                  },
                  ...sources,
                ]}
              />
            ) : (
              <Skeleton className="h-8 w-40" />
            )}
            <IconButton
              label={text("translate.swap")}
              onClick={swap}
              disabled={!canSwap}
              className="ml-auto"
            >
              <Icon name="swap" />
            </IconButton>
          </div>
          <SourcePane
            value={typed}
            onChange={write}
            marked={marked}
            maxLength={CHARACTERS_MAX}
            onCaret={(position) => setMarked(partAt(result.parts, position))}
          />
          <div className="flex h-12 items-center justify-between px-3 text-sm text-ink-soft">
            <span>
              {text("translate.characters", { count: typed.length, most: CHARACTERS_MAX })}
            </span>
            {typed ? (
              <IconButton label={text("translate.clear")} onClick={() => write("")}>
                <Icon name="close" />
              </IconButton>
            ) : null}
          </div>
        </section>
        <section className="flex min-h-64 flex-col bg-sunken/40 md:min-h-96">
          <div className="flex h-13 items-center gap-2 border-b border-line px-2">
            {target ? (
              <Select
                quiet
                label={text("translate.into")}
                value={target}
                onChange={choose}
                options={targets}
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
              marked={marked}
              onChoose={setMarked}
            />
            {error ? (
              <div className="px-3 pb-3">
                <ErrorNote error={error} />
              </div>
            ) : null}
          </div>
          <div className="flex h-12 items-center justify-end px-3">
            <CopyButton value={whole} />
          </div>
        </section>
      </div>
      <p className="m-0 text-sm text-ink-soft">{text("translate.house")}</p>
    </div>
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
      <span role="status" className="mr-2 text-sm text-good">
        {copied ? text("common.copied") : ""}
      </span>
      <IconButton label={text("common.copy")} disabled={!value} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
      </IconButton>
    </>
  );
}

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-10">
      <ErrorNote error={error} retry={retry} />
    </div>
  );
}
