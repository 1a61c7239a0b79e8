import { type ReactNode, useEffect, useRef } from "react";
import { useText } from "@/i18n";
import type { Part } from "./stream";

const TYPE = "px-4 py-3 text-lg leading-relaxed whitespace-pre-wrap break-words md:px-5 md:py-4";

interface SourcePaneProps {
  value: string;
  onChange: (value: string) => void;
  /** Where the reader's attention is: this range is marked. */
  marked: Part | null;
  /** Tells the position of the cursor. */
  onCaret: (position: number) => void;
  maxLength: number;
}

/** The text to translate. A copy of it behind the field carries the mark, which fields cannot. */
export function SourcePane({ value, onChange, marked, onCaret, maxLength }: SourcePaneProps) {
  const text = useText();
  const behind = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <div className="relative grow">
      <div
        ref={behind}
        aria-hidden="true"
        className={`absolute inset-0 overflow-hidden text-transparent ${TYPE}`}
      >
        {marked ? (
          <>
            {value.slice(0, marked.start)}
            <mark className="rounded bg-mark text-transparent">
              {value.slice(marked.start, marked.end)}
            </mark>
            {value.slice(marked.end)}
          </>
        ) : null}
      </div>
      <textarea
        ref={field}
        aria-label={text("translate.source")}
        placeholder={text("translate.placeholder")}
        value={value}
        maxLength={maxLength}
        spellCheck
        onChange={(event) => onChange(event.target.value)}
        onSelect={(event) => onCaret(event.currentTarget.selectionStart)}
        onScroll={(event) => {
          if (behind.current) behind.current.scrollTop = event.currentTarget.scrollTop;
        }}
        className={`relative block h-full min-h-48 w-full resize-none bg-transparent outline-none placeholder:text-ink-soft ${TYPE}`}
      />
    </div>
  );
}

interface TargetPaneProps {
  parts: Part[];
  lang: string;
  isWorking: boolean;
  marked: Part | null;
  onChoose: (part: Part | null) => void;
  children?: ReactNode;
}

/** The translation; a click on a sentence shows where it comes from. */
export function TargetPane({
  parts,
  lang,
  isWorking,
  marked,
  onChoose,
  children,
}: TargetPaneProps) {
  const text = useText();
  return (
    // biome-ignore lint/a11y/useSemanticElements: an output element would read out every change
    <div
      role="region"
      aria-label={text("translate.target")}
      aria-busy={isWorking}
      lang={lang}
      className={`min-h-48 grow transition-opacity ${isWorking ? "opacity-70" : ""} ${TYPE}`}
    >
      {parts.length === 0 ? (
        <span className="text-ink-soft">{children ?? text("translate.here")}</span>
      ) : (
        parts.map((part) =>
          part.isTranslated ? (
            <button
              type="button"
              key={part.start}
              aria-pressed={marked?.start === part.start}
              onClick={() => onChoose(marked?.start === part.start ? null : part)}
              className="inline cursor-pointer rounded text-left whitespace-pre-wrap hover:bg-sunken aria-pressed:bg-mark"
            >
              {part.text}
            </button>
          ) : (
            <span key={part.start}>{part.text}</span>
          ),
        )
      )}
    </div>
  );
}
