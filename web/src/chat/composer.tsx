import {
  type KeyboardEvent,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { LocaleContext, useText } from "@/i18n";
import { Icon, IconButton } from "@/kit";
import { AttachButton, Attached, DropZone, pastedFiles, useAttach } from "./attach";
import { asSent } from "./commands";
import { useDraft } from "./drafts";
import { ALL, addressed, fitting, HERE, type Person, typedMention } from "./mentions";
import type { Filter } from "./model";
import type { Entry } from "./outbox";
import { GroupMark, ReachNote } from "./reach";
import { type Refused, useBack, whyFailed } from "./refused";
import { useSignal } from "./signal";
import { keepDraft, keptDraft } from "./storage";
import { type RoomFile, Uploads } from "./uploads";
import { type Choice, useCommands } from "./use-commands";

const TEXT_CHARACTERS_MAX = 20_000;
const HEIGHT_MAX_PX = 260;

export interface Written {
  text: string;
  mentions: string[];
  groups: string[];
  to_all: boolean;
  to_here: boolean;
  files?: RoomFile[];
}

const NO_UPLOADS = new Uploads("");

interface ComposerProps {
  label: string;
  me: string;
  /** Under which name the draft is kept; null for changing a message. */
  place: string | null;
  /** Where the draft belongs, for other devices. */
  at: { room: string; filter: Filter };
  /** What stands in it at first, if it changes a message. */
  initial?: string;
  /** The room whose commands are known here; null where there are none. */
  room: string | null;
  people: readonly Person[];
  mayReachAll: boolean;
  /** What is attached here; null where nothing can be. */
  uploads: Uploads | null;
  /** What the rules of the room refused of what was written here. */
  refused: Refused;
  onSend: (written: Written) => void;
  onType?: () => void;
  /** The key Up in an empty one. */
  onEditLast?: () => void;
  /** The key Escape. */
  onCancel?: () => void;
  isFocused?: boolean;
  children?: ReactNode;
}

/** Where one writes. Enter sends, Shift+Enter begins a line, `@` finds people, `/` commands. */
export function Composer(props: ComposerProps) {
  const { me, place, people, mayReachAll, refused } = props;
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState(() => props.initial ?? (place ? keptDraft(me, place) : ""));
  const [caret, setCaret] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  const mention = caret === null ? null : typedMention(typed, caret);
  const candidates: Person[] = mayReachAll
    ? [...people, { id: ALL, name: ALL }, { id: HERE, name: HERE }]
    : people.filter((each) => !each.isGroup);
  const { commands, offered, used } = useCommands(props.room, typed, caret);
  const [unknown, setUnknown] = useState<string | null>(null);
  const choices: Choice[] = mention ? fitting(candidates, mention.query) : offered;
  const choice = choices[Math.min(chosen, choices.length - 1)];
  const { attach, tooMany } = useAttach(props.uploads);
  const attached = useSignal((props.uploads ?? NO_UPLOADS).all);
  const isComplete = attached.every((each) => each.state === "done");
  const maySend = isComplete && (typed.trim() !== "" || attached.length > 0);

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, HEIGHT_MAX_PX)}px`;
  });

  useEffect(() => {
    const element = area.current;
    if (!props.isFocused || !element) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, [props.isFocused]);

  const sync = useDraft(me, props.at.room, props.at.filter, place !== null, setTyped);

  const change = (next: string, at: number) => {
    setTyped(next);
    setCaret(at);
    setChosen(0);
    setUnknown(null);
    if (place) {
      keepDraft(me, place, next);
      sync(next);
    }
    if (next) props.onType?.();
  };
  useBack(refused.waiting, typed === "" && attached.length === 0, (entry: Entry) => {
    const { text: back = "", files = [] } = entry.event;
    props.uploads?.back(files);
    change(back, back.length);
    setCaret(null);
    refused.take(entry);
  });
  const complete = (found: Choice) => {
    if (caret === null) return;
    const from = mention?.from ?? 0;
    const put = mention ? `@${found.name} ` : `${found.name} `;
    const at = from + put.length;
    change(typed.slice(0, from) + put + typed.slice(caret), at);
    requestAnimationFrame(() => area.current?.setSelectionRange(at, at));
  };
  const send = () => {
    const said = typed.trim();
    if (!maySend) return;
    const sent = commands ? asSent(said, commands) : said;
    if (sent === null) {
      setUnknown(said.split(/\s/, 1)[0]?.slice(1) ?? "");
      return;
    }
    const files = props.uploads ? { files: props.uploads.taken() } : {};
    props.onSend({ text: sent, ...addressed(said, people, mayReachAll), ...files });
    change("", 0);
    setCaret(null);
    refused.clear();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (choice) {
      if (event.key === "ArrowDown") setChosen((chosen + 1) % choices.length);
      else if (event.key === "ArrowUp") setChosen((chosen + choices.length - 1) % choices.length);
      else if (event.key === "Enter" || event.key === "Tab") complete(choice);
      else if (event.key === "Escape") setCaret(null);
      else return;
    } else if (event.key === "Enter" && !event.shiftKey) send();
    else if (event.key === "ArrowUp" && !typed && props.onEditLast) props.onEditLast();
    else if (event.key === "Escape" && props.onCancel) props.onCancel();
    else return;
    event.preventDefault();
  };
  return (
    <div className="relative px-3 pb-2 md:px-5">
      {choice ? (
        <div
          id={`${id}-list`}
          role="listbox"
          aria-label={text(mention ? "chat.people" : "chat.commands")}
          className="absolute bottom-full left-5 z-20 mb-1 w-72 max-w-[calc(100%-2.5rem)] rounded-xl border border-line bg-raised p-1 shadow-card"
        >
          {choices.map((each) => (
            <div
              key={each.id}
              id={`${id}-${each.id}`}
              role="option"
              tabIndex={-1}
              aria-selected={each === choice}
              onPointerDown={(event) => {
                event.preventDefault();
                complete(each);
              }}
              className="flex min-h-9 items-center rounded-lg px-3 aria-selected:bg-sunken"
            >
              {each.id === ALL || each.id === HERE ? text(`chat.${each.id}`) : each.name}
              {each.isGroup ? <GroupMark /> : null}
              {each.about ? (
                <span className="ml-2 min-w-0 truncate text-sm text-ink-soft">{each.about}</span>
              ) : null}
            </div>
          ))}
        </div>
      ) : null}
      {props.children}
      {props.uploads ? (
        <>
          <Attached uploads={props.uploads} tooMany={tooMany} />
          <DropZone onFiles={attach} />
        </>
      ) : null}
      {mayReachAll ? null : <ReachNote typed={typed} people={people} />}
      <div className="flex items-end gap-1 rounded-xl border border-line-strong bg-surface pr-1 pl-3 focus-within:border-accent">
        {props.uploads ? <AttachButton onFiles={attach} /> : null}
        <textarea
          ref={area}
          rows={1}
          maxLength={TEXT_CHARACTERS_MAX}
          aria-label={props.label}
          aria-describedby={`${id}-keys`}
          aria-autocomplete="list"
          aria-controls={choice ? `${id}-list` : undefined}
          aria-activedescendant={choice ? `${id}-${choice.id}` : undefined}
          placeholder={props.label}
          value={typed}
          dir="auto"
          onChange={(event) => change(event.target.value, event.target.selectionStart)}
          onSelect={(event) => caret !== null && setCaret(event.currentTarget.selectionStart)}
          onBlur={() => setCaret(null)}
          onPaste={(event) => {
            const files = props.uploads ? pastedFiles(event) : [];
            if (files.length === 0) return;
            event.preventDefault();
            attach(files);
          }}
          onKeyDown={onKeyDown}
          className="my-2 min-h-6 min-w-0 grow resize-none bg-transparent text-ink outline-none placeholder:text-ink-soft"
        />
        <IconButton
          label={text(props.place ? "chat.send" : "common.save")}
          disabled={!maySend}
          onClick={send}
          className="my-0.5 text-accent"
        >
          <Icon name={props.place ? "send" : "check"} />
        </IconButton>
      </div>
      {unknown !== null || used ? (
        <p role="status" className={`m-0 mt-1 text-sm ${unknown ? "text-bad" : "text-ink-soft"}`}>
          {unknown !== null ? text("chat.unknownCommand", { name: unknown }) : used}
        </p>
      ) : null}
      {refused.current ? (
        <p role="alert" className="m-0 mt-1 text-sm text-bad">
          {text("chat.failed")} {whyFailed(refused.current, text, locale)}
        </p>
      ) : null}
      <p id={`${id}-keys`} className="sr-only">
        {text("chat.keys")}
      </p>
    </div>
  );
}
