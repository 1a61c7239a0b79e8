import { useQuery } from "@tanstack/react-query";
import { useContext, useEffect, useState } from "react";
import { languages, me } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import { ErrorNote, PageHead } from "@/kit";
import { DETECT, firstTarget, keepTarget, options, sameLanguage } from "./choices";
import { type Formality, hasFormality } from "./extras";
import { ExtrasBar } from "./extras-bar";
import type { Remembered } from "./history";
import { HistoryList } from "./history-list";
import { SourceSide, TargetSide } from "./sides";
import type { Part } from "./stream";
import { useHistory } from "./use-history";
import { useTranslation } from "./use-translation";

/** Two panes: what is written on the left stands on the right in another language. */
export function TranslatePage() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const { data: who } = useQuery(me);
  const known = useQuery(languages("translate_text"));
  const [typed, setTyped] = useState("");
  const [source, setSource] = useState(DETECT);
  const [target, setTarget] = useState("");
  const [glossary, setGlossary] = useState<string | null>(null);
  const [chosenFormality, setFormality] = useState<Formality>("default");
  const [marked, setMarked] = useState<Part | null>(null);
  const formality = hasFormality(known.data ?? [], target) ? chosenFormality : "default";
  const translation = useTranslation({
    text: typed,
    source: source || null,
    target,
    glossary,
    formality,
  });
  const { result, isWorking } = translation;

  const sources = options(known.data ?? [], "source", locale);
  const targets = options(known.data ?? [], "target", locale);
  useEffect(() => {
    if (!target && targets.length > 0) setTarget(firstTarget(targets, locale));
  }, [target, targets, locale]);

  const detected = source === DETECT && result.detected ? result.detected : null;
  const whole = result.parts.map((part) => part.text).join("");
  const from = source || sameLanguage(sources, detected);
  const isSettled = !isWorking && typed.trim() !== "" && whole !== "" && from !== null;
  const history = useHistory(
    who?.person?.id,
    isSettled ? { source: from, target, text: typed, translation: whole } : null,
  );

  // A glossary is of one direction: it ends with it.
  const choose = (nextSource: string, nextTarget: string) => {
    setSource(nextSource);
    setTarget(nextTarget);
    if (nextTarget !== target) keepTarget(nextTarget);
    setGlossary(null);
  };
  const write = (value: string) => {
    setTyped(value);
    setMarked(null);
  };
  const next = sameLanguage(targets, from);
  const back = sameLanguage(sources, target);
  const swap = () => {
    if (!from || !next || !back) return;
    choose(back, next);
    write(whole || typed);
  };
  const chooseGlossary = (id: string | null) => {
    // It needs to be said which language the text is in.
    if (id && from) setSource(from);
    setGlossary(id);
  };
  const again = (entry: Remembered) => {
    choose(entry.source, entry.target);
    write(entry.text);
    window.scrollTo({ top: 0 });
  };

  if (known.error) return <Failed error={known.error} retry={() => void known.refetch()} />;
  return (
    <div className="mx-auto flex w-full max-w-6xl grow flex-col gap-4 px-3 py-4 md:px-6 md:py-8">
      <PageHead title={text("translate.title")} />
      <ExtrasBar
        languages={known.data ?? []}
        source={from}
        target={target}
        glossary={glossary}
        onGlossary={chooseGlossary}
        formality={formality}
        onFormality={setFormality}
      />
      <div className="grid grow overflow-hidden rounded-2xl border border-line bg-surface shadow-card md:max-h-[34rem] md:grid-cols-2">
        <SourceSide
          languages={known.data ? sources : null}
          source={source}
          detected={detected}
          onSource={(value) => choose(value, target)}
          onSwap={from && next && back ? swap : undefined}
          typed={typed}
          onType={write}
          parts={result.parts}
          marked={marked}
          onMark={setMarked}
        />
        <TargetSide
          languages={known.data ? targets : null}
          target={target}
          onTarget={(value) => choose(source, value)}
          translation={translation}
          whole={whole}
          marked={marked}
          onMark={setMarked}
        />
      </div>
      <p className="m-0 text-sm text-ink-soft">{text("translate.house")}</p>
      <HistoryList history={history} onChoose={again} />
    </div>
  );
}

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-10">
      <ErrorNote error={error} retry={retry} />
    </div>
  );
}
