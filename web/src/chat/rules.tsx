import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useContext, useId, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Button, ErrorNote, Field, Select, Skeleton } from "@/kit";
import { duration } from "./refused";

type RoomRules = Schema["RoomRules"];

const LINKS = ["any", "none", "some"] as const;
const WHO = ["everybody", "moderators"] as const;
const WORDS_MAX = 500;
const WORD_CHARACTERS_MAX = 100;
const SLOW_S = [0, 5, 10, 30, 60, 300, 900, 3600, 21600];
const LABELS = {
  words: "rules.words",
  links: "rules.links",
  slow_s: "rules.slow",
  who: "rules.who",
  max_characters: "rules.length",
} as const;

const ruleList = (room: string) => ({
  queryKey: ["chat", "rules", room],
  queryFn: () =>
    unwrap(api.GET("/v1/rooms/{room_id}/rules", { params: { path: { room_id: room } } })),
});

/** What holds of messages in a channel before they are sent, for whoever moderates it. */
export default function Rules({ room }: { room: string }) {
  const text = useText();
  const found = useQuery(ruleList(room));
  return (
    <section aria-label={text("rules.title")} className="grid gap-3 border-t border-line pt-4">
      <div>
        <h3 className="m-0 text-base font-medium">{text("rules.title")}</h3>
        <p className="m-0 text-sm text-ink-soft">{text("rules.hint")}</p>
      </div>
      {found.error ? (
        <ErrorNote error={found.error} retry={() => void found.refetch()} />
      ) : found.data ? (
        <>
          <Edit room={room} kept={found.data.rules} />
          <Others found={found.data} />
        </>
      ) : (
        <Skeleton className="h-24 w-full" />
      )}
    </section>
  );
}

function Edit({ room, kept }: { room: string; kept: Partial<RoomRules["rules"]> }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const queries = useQueryClient();
  const [words, setWords] = useState(() => (kept.words ?? []).join("\n"));
  const [links, setLinks] = useState<string>(() =>
    kept.links ? (kept.links.length ? "some" : "none") : "any",
  );
  const [hosts, setHosts] = useState(() => (kept.links ?? []).join("\n"));
  const [slow, setSlow] = useState(kept.slow_s ?? 0);
  const [who, setWho] = useState<string>(kept.who ?? "everybody");
  const [length, setLength] = useState(String(kept.max_characters ?? ""));
  const [reason, setReason] = useState(kept.reason ?? "");
  const change = useMutation({
    mutationFn: (body: Schema["Rules"]) =>
      unwrap(api.PUT("/v1/rooms/{room_id}/rules", { params: { path: { room_id: room } }, body })),
    onSuccess: (next) => queries.setQueryData(ruleList(room).queryKey, next),
  });
  const lines = linesOf(words);
  const isTooMuch =
    lines.length > WORDS_MAX || lines.some((each) => each.length > WORD_CHARACTERS_MAX);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isTooMuch) return;
    change.mutate({
      words: lines,
      links: links === "any" ? null : links === "none" ? [] : linesOf(hosts),
      slow_s: slow,
      who: who as (typeof WHO)[number],
      max_characters: length ? Number(length) : null,
      reason: reason.trim(),
    });
  };
  const times = SLOW_S.includes(slow) ? SLOW_S : [...SLOW_S, slow];
  return (
    <form onSubmit={submit} onChange={() => change.reset()} className="grid gap-3">
      <Lines
        label={text("rules.words")}
        hint={text("rules.wordsHint")}
        problem={isTooMuch ? text("rules.wordsLimit") : undefined}
        value={words}
        onChange={setWords}
      />
      <Choice
        label={text("rules.links")}
        value={links}
        options={LINKS.map((each) => ({ value: each, label: text(`rules.links.${each}`) }))}
        onChange={setLinks}
      />
      {links === "some" ? (
        <Lines
          label={text("rules.hosts")}
          hint={text("rules.hostsHint")}
          value={hosts}
          onChange={setHosts}
          isRequired
        />
      ) : null}
      <Choice
        label={text("rules.slow")}
        value={String(slow)}
        options={times.map((each) => ({
          value: String(each),
          label: each
            ? text("rules.slow.each", { time: duration(each, locale) })
            : text("rules.slow.off"),
        }))}
        onChange={(value) => setSlow(Number(value))}
      />
      <Choice
        label={text("rules.who")}
        value={who}
        options={WHO.map((each) => ({ value: each, label: text(`rules.who.${each}`) }))}
        onChange={setWho}
      />
      <Field
        label={text("rules.length")}
        type="number"
        min={1}
        max={20000}
        step={1}
        value={length}
        onChange={(event) => setLength(event.target.value)}
      />
      <Field
        label={text("rules.reason")}
        hint={text("rules.reasonHint")}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {change.error ? <ErrorNote error={change.error} /> : null}
      <div className="flex items-center justify-end gap-3">
        <span role="status" className="text-sm text-ink-soft">
          {change.isSuccess ? text("rules.saved") : ""}
        </span>
        <Button type="submit" busy={change.isPending}>
          {text("rules.save")}
        </Button>
      </div>
    </form>
  );
}

/** Rules of programs, and how often something was refused. */
function Others({ found }: { found: RoomRules }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const names = new Map(found.of_programs.map((each) => [each.program_id, each.name]));
  return (
    <>
      {found.of_programs.map(({ program_id, name }) => (
        <p key={program_id} className="m-0 text-sm">
          {text("rules.ofProgram", { name })}
        </p>
      ))}
      {found.refusals.length ? (
        <div className="text-sm">
          <h4 className="m-0 font-medium">{text("rules.refused")}</h4>
          <ul className="m-0 list-none p-0 text-ink-soft">
            {found.refusals.map(({ rule, program_id, refused, refused_at }) => (
              <li key={`${rule} ${program_id}`}>
                {text("rules.refusedBy", {
                  rule: text(LABELS[rule]),
                  count: refused,
                  time: time.format(new Date(refused_at)),
                })}
                {program_id && names.has(program_id) ? ` (${names.get(program_id)})` : ""}
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </>
  );
}

interface LinesProps {
  label: string;
  hint: string;
  problem?: string;
  value: string;
  onChange: (value: string) => void;
  isRequired?: boolean;
}

function Lines({ label, hint, problem, value, onChange, isRequired }: LinesProps) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea
        id={id}
        rows={3}
        required={isRequired}
        spellCheck={false}
        autoCapitalize="off"
        dir="auto"
        aria-describedby={`${id}-note`}
        aria-invalid={problem ? true : undefined}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="w-full rounded-lg border border-line-strong bg-surface px-3 py-2 text-ink"
      />
      <p id={`${id}-note`} className={`m-0 text-sm ${problem ? "text-bad" : "text-ink-soft"}`}>
        {problem ?? hint}
      </p>
    </div>
  );
}

function Choice(props: Parameters<typeof Select>[0]) {
  return (
    <div className="grid gap-1">
      <span className="font-medium">{props.label}</span>
      <div>
        <Select {...props} />
      </div>
    </div>
  );
}

/** The lines of a text that say something. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((each) => each.trim())
    .filter(Boolean);
}
