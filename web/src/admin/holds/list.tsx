import {
  infiniteQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useContext, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Badge, Button, Confirm, Dialog, Paged, PageHead } from "@/kit";
import { Table } from "@/kit/table";
import { NewHold } from "./new-hold";

export type Hold = Schema["Hold"];

export const holdList = infiniteQueryOptions({
  queryKey: ["holds"],
  staleTime: 0,
  initialPageParam: "",
  queryFn: ({ pageParam }) =>
    unwrap(
      api.GET("/v1/chat/holds", { params: { query: pageParam ? { cursor: pageParam } : {} } }),
    ),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** Legal holds: what must not be destroyed, and the way to read it. */
export function HoldsPage() {
  const text = useText();
  const queries = useQueryClient();
  const list = useInfiniteQuery(holdList);
  const [adding, setAdding] = useState(false);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const changed = () => queries.invalidateQueries({ queryKey: holdList.queryKey });
  const release = useMutation({
    mutationFn: (hold: Hold) =>
      unwrap(
        api.POST("/v1/chat/holds/{hold_id}/release", { params: { path: { hold_id: hold.id } } }),
      ),
    onSuccess: () => setReleasing(null),
    onSettled: changed,
  });
  return (
    <>
      <PageHead title={text("holds.title")} about={text("holds.about")}>
        <Button kind="primary" onClick={() => setAdding(true)}>
          {text("holds.place")}
        </Button>
      </PageHead>
      <Paged list={list} none={text("holds.none")}>
        {(found) => (
          <Table
            label={text("holds.title")}
            columns={[
              text("keys.name"),
              text("holds.what"),
              text("holds.when"),
              text("keys.state"),
              text("keys.actions"),
            ]}
          >
            {found.map((each) => (
              <Row key={each.id} hold={each} onRelease={() => setReleasing(each)} />
            ))}
          </Table>
        )}
      </Paged>
      <Dialog title={text("holds.place")} open={adding} onClose={() => setAdding(false)}>
        <NewHold
          onPlaced={() => {
            setAdding(false);
            void changed();
          }}
          onClose={() => setAdding(false)}
        />
      </Dialog>
      {releasing ? (
        <Confirm
          title={text("holds.release")}
          question={text("holds.releaseAsk", { name: releasing.name })}
          action={text("holds.release")}
          open
          busy={release.isPending}
          error={release.error}
          onConfirm={() => release.mutate(releasing)}
          onClose={() => setReleasing(null)}
        />
      ) : null}
    </>
  );
}

function Row({ hold, onRelease }: { hold: Hold; onRelease: () => void }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const at = (time: string | null) => (time ? day.format(new Date(time)) : "…");
  return (
    <tr>
      <th scope="row" className="min-w-48 font-medium">
        {hold.released_at ? (
          hold.name
        ) : (
          <Link
            to="/admin/holds/$holdId"
            params={{ holdId: hold.id }}
            className="text-accent hover:underline"
          >
            {hold.name}
          </Link>
        )}
        <span className="block text-sm font-normal break-words text-ink-soft">{hold.reason}</span>
      </th>
      <td>
        {hold.room_id
          ? text("holds.ofRoom", { name: hold.subject || "…" })
          : hold.person_id
            ? hold.subject
            : text("holds.ofAll")}
      </td>
      <td className="whitespace-nowrap">
        {hold.from_at || hold.until_at
          ? `${at(hold.from_at)} – ${at(hold.until_at)}`
          : text("holds.always")}
      </td>
      <td>
        {hold.released_at ? (
          <Badge>{text("holds.released", { time: at(hold.released_at) })}</Badge>
        ) : (
          <Badge tone="accent">{text("holds.active", { time: at(hold.created_at) })}</Badge>
        )}
      </td>
      <td>
        {hold.released_at ? null : (
          <Button kind="danger" onClick={onRelease}>
            {text("holds.release")}
            <span className="sr-only"> {hold.name}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}
