import { useContext, useState } from "react";
import { LocaleContext, languageName, useText } from "@/i18n";
import { Icon } from "@/kit";
import { CardText } from "./card";
import { Markdown } from "./markdown";
import type { Message, Translated } from "./model";
import { type Reading, textsOf } from "./reading";

interface TextsProps {
  message: Message;
  translation: Translated | undefined;
  reading: Reading;
  mentions: readonly string[];
  mine: readonly string[];
}

/** What a message says, in the language or languages that its reader wants. */
export function Texts({ message, translation, reading, mentions, mine }: TextsProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const [isOpen, setOpen] = useState(false);
  const present = translation?.revision === message.revision ? translation : undefined;
  const texts = textsOf(message, present, reading);
  const name = (tag: string) => languageName(tag, locale, tag);
  return (
    <>
      <div className={texts.length > 1 ? "grid gap-x-6 gap-y-1 md:grid-cols-2" : ""}>
        {texts.map((each, index) => (
          <div
            key={each.lang ?? "original"}
            className={index > 0 ? "border-l-2 border-line pl-3 text-ink-soft" : ""}
          >
            {message.card ? (
              <CardText text={each.text} lang={each.lang} />
            ) : (
              <Markdown text={each.text} lang={each.lang} mentions={mentions} mine={mine} />
            )}
          </div>
        ))}
      </div>
      {present ? (
        <div className="text-sm text-ink-soft">
          <button
            type="button"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            className="-ml-1 inline-flex min-h-6 items-center gap-1 rounded px-1 hover:bg-sunken hover:text-ink"
          >
            <Icon name="translate" size={14} />
            {text(reading === "original" ? "chat.canTranslate" : "chat.translatedFrom", {
              language: name(present.source_language),
            })}
          </button>
          {isOpen ? (
            <Origin message={message} translation={present} reading={reading} name={name} />
          ) : null}
        </div>
      ) : null}
    </>
  );
}

interface OriginProps {
  message: Message;
  translation: Translated;
  reading: Reading;
  name: (tag: string) => string;
}

function Origin({ message, translation, reading, name }: OriginProps) {
  const text = useText();
  const isOriginal = reading === "original";
  const other = isOriginal
    ? { text: translation.text, lang: translation.language }
    : { text: message.text, lang: translation.source_language };
  const issues = translation.issues ?? [];
  return (
    <div className="mt-1 mb-2 rounded-lg border border-line bg-raised px-3 py-2">
      <p className="m-0 font-medium text-ink">
        {isOriginal ? name(translation.language) : `${text("chat.original")}: ${name(other.lang)}`}
      </p>
      <Markdown text={other.text} lang={other.lang} mentions={[]} mine={[]} />
      <p className="m-0 mt-1">{text("chat.engine", { engine: translation.engine })}</p>
      {translation.untranslated > 0 ? (
        <p className="m-0 text-bad">
          {text("chat.untranslated", { count: translation.untranslated })}
        </p>
      ) : null}
      {issues.length > 0 ? (
        <p className="m-0 text-bad">{text("chat.issues", { names: issues.join(", ") })}</p>
      ) : null}
      {translation.untranslated === 0 && issues.length === 0 ? (
        <p className="m-0">{text("chat.noIssues")}</p>
      ) : null}
    </div>
  );
}
