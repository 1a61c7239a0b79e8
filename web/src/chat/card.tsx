import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useText } from "@/i18n";
import { Button, ErrorNote, Field } from "@/kit";
import { Markdown } from "./markdown";
import type { Card, CardField, Message } from "./model";
import type { Text } from "./reading";
import { usePress, type Values } from "./use-press";

const VALUE_CHARACTERS_MAX = 4000;
const CONTROL = "rounded-lg border border-line-strong bg-surface px-3 text-ink";

interface MessageCardProps {
  room: string;
  message: Message;
  mayPress: boolean;
  /** What it says in the language that its reader sees first. */
  said: string;
  /** What it says, as it is shown. */
  children: ReactNode;
}

/** What a message says; if it is a card, in a frame with its form and buttons. */
export function MessageCard({ room, message, mayPress, said, children }: MessageCardProps) {
  const card = message.card as Card | null | undefined;
  if (!card) return children;
  return (
    <fieldset
      aria-label={partsOf(said).title}
      className="m-0 my-1 grid w-fit max-w-full min-w-[min(20rem,100%)] gap-3 rounded-xl border border-line bg-surface px-4 py-3"
    >
      <div className="min-w-0">{children}</div>
      {card.buttons && card.buttons.length > 0 ? (
        <CardForm room={room} message={message} card={card} mayPress={mayPress} />
      ) : null}
    </fieldset>
  );
}

/** The text of a card, whose first paragraph is its title. */
export function CardText({ text, lang }: Text) {
  const { title, rest } = partsOf(text);
  return (
    <>
      <p lang={lang} dir="auto" className="m-0 font-semibold break-words">
        {title}
      </p>
      {rest ? <Markdown text={rest} lang={lang} mentions={[]} mine={[]} /> : null}
    </>
  );
}

function partsOf(text: string): { title: string; rest: string } {
  const [title = "", ...rest] = text.split("\n\n");
  return { title, rest: rest.join("\n\n") };
}

interface CardFormProps {
  room: string;
  message: Message;
  card: Card;
  mayPress: boolean;
}

function CardForm({ room, message, card, mayPress }: CardFormProps) {
  const text = useText();
  const press = usePress(room, message.number);
  const [values, setValues] = useState<Values>({});
  const fields = card.fields ?? [];
  const buttons = card.buttons ?? [];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    const button = (submitter as HTMLButtonElement | null)?.value ?? buttons[0]?.name ?? "";
    // The card may have other fields than when something was written into it.
    const filled = fields.map(({ name }) => [name, values[name] ?? ""]);
    press.begin(button, Object.fromEntries(filled), () => setValues({}));
  };
  const pressed = buttons.find((each) => each.name === press.button);
  return (
    <form onSubmit={submit} className="grid gap-3">
      {fields.map((field) => (
        <CardInput
          key={field.name}
          field={field}
          value={values[field.name] ?? ""}
          isDisabled={!mayPress}
          onChange={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        {buttons.map(({ name, label }) => (
          <Button
            key={name}
            type="submit"
            value={name}
            disabled={!mayPress}
            // Not disabled meanwhile: whoever pressed it by keyboard stays where they are.
            aria-disabled={press.isPending || undefined}
            aria-busy={(press.isPending && name === press.button) || undefined}
            className="max-w-full py-1 break-words aria-disabled:opacity-55"
          >
            {label}
          </Button>
        ))}
      </div>
      {press.error ? <ErrorNote error={press.error} /> : null}
      <p role="status" className="m-0 text-sm text-ink-soft empty:hidden">
        {press.isPending ? text("card.sending") : null}
        {press.done && pressed ? text("card.sent", { label: pressed.label }) : null}
      </p>
    </form>
  );
}

interface CardInputProps {
  field: CardField;
  value: string;
  isDisabled: boolean;
  onChange: (value: string) => void;
}

const TYPES = { text: "text", number: "number", date: "date" } as const;

function CardInput({ field, value, isDisabled, onChange }: CardInputProps) {
  const text = useText();
  const id = useId();
  const { label, kind = "text", is_required = false } = field;
  if (kind !== "lines" && kind !== "choice") {
    return (
      <Field
        label={label}
        hint={is_required ? undefined : text("card.optional")}
        type={TYPES[kind]}
        step={kind === "number" ? "any" : undefined}
        required={is_required}
        disabled={isDisabled}
        maxLength={VALUE_CHARACTERS_MAX}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  const shared = {
    id,
    required: is_required,
    disabled: isDisabled,
    value,
    "aria-describedby": is_required ? undefined : `${id}-note`,
  };
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {kind === "lines" ? (
        <textarea
          {...shared}
          rows={3}
          maxLength={VALUE_CHARACTERS_MAX}
          onChange={(event) => onChange(event.target.value)}
          className={`${CONTROL} py-2`}
        />
      ) : (
        <select
          {...shared}
          onChange={(event) => onChange(event.target.value)}
          className={`${CONTROL} min-h-10`}
        >
          <option value="">{text("card.choose")}</option>
          {(field.choices ?? []).map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )}
      {is_required ? null : (
        <p id={`${id}-note`} className="m-0 text-sm text-ink-soft">
          {text("card.optional")}
        </p>
      )}
    </div>
  );
}
