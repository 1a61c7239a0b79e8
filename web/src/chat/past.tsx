import { useQuery } from "@tanstack/react-query";
import { useContext } from "react";
import { LocaleContext, useText } from "@/i18n";
import { Dialog, ErrorNote, Skeleton } from "@/kit";
import { messagePast } from "./queries";

/** The versions of a message, the oldest first. */
export function Past({
  room,
  number,
  onClose,
}: {
  room: string;
  number: number;
  onClose: () => void;
}) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const found = useQuery(messagePast(room, number));
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const versions = found.data?.events.filter((each) => ["message", "edit"].includes(each.kind));
  return (
    <Dialog title={text("chat.versions")} open onClose={onClose}>
      {found.error ? <ErrorNote error={found.error} /> : null}
      {found.isPending ? <Skeleton className="h-24 w-full" /> : null}
      <ol className="m-0 grid list-none gap-3 p-0">
        {versions?.map((each) => (
          <li key={each.number}>
            <span className="text-sm text-ink-soft">{time.format(new Date(each.created_at))}</span>
            <p className="m-0 break-words whitespace-pre-wrap">{each.body.text}</p>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
