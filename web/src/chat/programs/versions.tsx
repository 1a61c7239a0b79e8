import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useContext, useMemo, useState } from "react";
import { LocaleContext, useText } from "@/i18n";
import { Badge, Button, Check, ErrorNote, itemsOf, Paged } from "@/kit";
import type { Chat } from "../chat";
import { useNames } from "../use-names";
import type { Written } from "./language";
import { activate, type Program, readVersion, versionList } from "./queries";

interface VersionsProps {
  chat: Chat;
  program: Program;
  onShow: (written: Written) => void;
  onActivated: (program: Program) => void;
}

/** The versions of a program, the newest first, and the way back to each. */
export function Versions({ chat, program, onShow, onActivated }: VersionsProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const list = useInfiniteQuery(versionList(program.id));
  const authors = itemsOf(list)
    .map((each) => each.created_by)
    .join(" ");
  const nameOf = useNames(
    chat,
    useMemo(() => authors.split(" ").filter(Boolean), [authors]),
  );
  const [isReset, setReset] = useState(false);
  const run = useMutation({
    mutationFn: (version: number) => activate(program.id, { version, is_reset: isReset }),
    onSuccess: (next) => {
      setReset(false);
      onActivated(next);
    },
  });
  const show = useMutation({
    mutationFn: (number: number) => readVersion(program.id, number),
    onSuccess: ({ source, language }) => onShow({ source, language }),
  });
  const error = run.error ?? show.error;
  const isBusy = run.isPending || show.isPending;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return (
    <div className="grid gap-3">
      <Check
        label={text("programs.reset")}
        hint={text("programs.resetHint")}
        checked={isReset}
        onChange={(event) => setReset(event.target.checked)}
      />
      {error ? <ErrorNote error={error} /> : null}
      <Paged list={list} none={text("programs.noVersions")}>
        {(found) => (
          <ol className="m-0 grid list-none gap-2 p-0">
            {found.map(({ number, created_by, created_at }) => (
              <li
                key={number}
                className="flex flex-wrap items-center gap-2 rounded-xl border border-line bg-surface px-3 py-2"
              >
                <div className="min-w-0 grow">
                  <span className="font-medium">{text("programs.version", { number })}</span>{" "}
                  {number === program.version ? (
                    <Badge tone="accent">{text("programs.current")}</Badge>
                  ) : null}
                  <p className="m-0 text-sm text-ink-soft">
                    {nameOf(created_by) || text("chat.somebody")},{" "}
                    <time dateTime={created_at}>{time.format(new Date(created_at))}</time>
                  </p>
                </div>
                <Button disabled={isBusy} onClick={() => show.mutate(number)}>
                  {text("programs.show", { number })}
                </Button>
                {number !== program.version || program.status !== "running" ? (
                  <Button
                    busy={run.isPending && run.variables === number}
                    disabled={isBusy}
                    onClick={() => run.mutate(number)}
                  >
                    {text("programs.run", { number })}
                  </Button>
                ) : null}
              </li>
            ))}
          </ol>
        )}
      </Paged>
    </div>
  );
}
