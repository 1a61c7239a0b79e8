import { useInfiniteQuery } from "@tanstack/react-query";
import { useContext } from "react";
import { LocaleContext, useText } from "@/i18n";
import { Button, Paged } from "@/kit";
import { entryList, type Program } from "./queries";
import { placed } from "./trial";

/** What went wrong with a program, the newest first. */
export function ProgramLog({ program }: { program: Program }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const list = useInfiniteQuery(entryList(program.id));
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="m-0 text-sm text-ink-soft">{text("programs.logAbout")}</p>
        <Button
          busy={list.isFetching && !list.isFetchingNextPage}
          onClick={() => void list.refetch()}
        >
          {text("programs.refresh")}
        </Button>
      </div>
      <Paged list={list} none={text("programs.noLog")}>
        {(found) => (
          <ol className="m-0 grid list-none gap-2 p-0">
            {found.map((each) => (
              <li
                key={each.id}
                className="grid gap-1 rounded-xl border border-line bg-surface px-3 py-2"
              >
                <p className="m-0 text-sm text-ink-soft">
                  <time dateTime={each.at}>{time.format(new Date(each.at))}</time>,{" "}
                  {text("programs.event", { number: each.number })}
                  {each.version ? `, ${text("programs.version", { number: each.version })}` : ""},{" "}
                  <code>{each.code}</code>
                </p>
                <p className="m-0 break-words whitespace-pre-wrap">{placed(each, text)}</p>
              </li>
            ))}
          </ol>
        )}
      </Paged>
    </div>
  );
}
