import { infiniteQueryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useContext } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Badge, ErrorNote, Paged, PageHead } from "@/kit";

const heldList = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["holds", id, "messages"],
    // Each reading is noted in the audit log: the page asks once.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/chat/holds/{hold_id}/messages", {
          params: { path: { hold_id: id }, query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** What a hold holds: messages with all their versions, those deleted included. */
export function HoldPage() {
  const text = useText();
  const { holdId } = useParams({ strict: false });
  const id = holdId ?? "";
  const hold = useQuery({
    queryKey: ["holds", id],
    queryFn: () =>
      unwrap(api.GET("/v1/chat/holds/{hold_id}", { params: { path: { hold_id: id } } })),
  });
  const list = useInfiniteQuery(heldList(id));
  return (
    <>
      <PageHead
        title={hold.data?.name ?? ""}
        about={hold.data?.reason}
        back={{ to: "/admin/holds", name: text("holds.title") }}
      >
        <a
          href={`/v1/chat/holds/${id}/export`}
          download
          className="inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 font-medium hover:border-line-strong"
        >
          {text("holds.export")}
        </a>
      </PageHead>
      {hold.error ? <ErrorNote error={hold.error} /> : null}
      <p className="m-0 text-sm text-ink-soft">{text("holds.noted")}</p>
      <Paged list={list} none={text("holds.nothing")}>
        {(found) => (
          <ul className="m-0 grid list-none gap-2 p-0">
            {found.map((each) => (
              <Held key={`${each.room_id} ${each.number}`} hold={id} message={each} />
            ))}
          </ul>
        )}
      </Paged>
    </>
  );
}

function Held({ hold, message }: { hold: string; message: Schema["HeldMessage"] }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  return (
    <li className="grid gap-1 rounded-xl border border-line bg-surface p-3">
      <p className="m-0 flex flex-wrap items-center gap-x-2 text-sm text-ink-soft">
        <span className="font-semibold text-ink">
          {message.sender_name || text("chat.somebody")}
        </span>
        <span>
          {message.room_name || text("reports.direct")}
          {message.topic ? ` # ${message.topic}` : ""}
        </span>
        {message.kind === "http" || message.kind === "translation" ? (
          <Badge>{text(`holds.${message.kind}`)}</Badge>
        ) : null}
        {message.is_deleted ? <Badge tone="bad">{text("holds.deleted")}</Badge> : null}
      </p>
      <ol className="m-0 grid list-none gap-1 p-0">
        {message.versions.map((each) => (
          <li key={each.number}>
            <time dateTime={each.created_at} className="text-sm text-ink-soft">
              {time.format(new Date(each.created_at))}
            </time>
            <p dir="auto" className="m-0 break-words whitespace-pre-wrap">
              {each.text ?? <em className="text-ink-soft">{text("holds.lost")}</em>}
            </p>
          </li>
        ))}
      </ol>
      {message.files.map((each) => (
        <a
          key={each.id}
          href={`/v1/chat/holds/${hold}/files/${each.id}`}
          download={each.name}
          className="w-fit text-accent hover:underline"
        >
          {each.name}
        </a>
      ))}
    </li>
  );
}
