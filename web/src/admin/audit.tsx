import { useInfiniteQuery } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { api, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Field, Paged, PageHead } from "@/kit";
import { Table } from "@/kit/table";

/** Who did what to what from where. */
export function AuditPage() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const [action, setAction] = useState("");
  const [since, setSince] = useState("");
  const filter = {
    ...(action.trim() ? { action: action.trim() } : {}),
    ...(since ? { since: new Date(since).toISOString() } : {}),
  };
  const events = useInfiniteQuery({
    queryKey: ["audit", filter],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/audit-events", {
          params: { query: { ...filter, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  return (
    <>
      <PageHead title={text("nav.audit")}>
        <a
          href={`/v1/audit-events/export?${new URLSearchParams(filter)}`}
          download
          className="inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 font-medium hover:border-line-strong"
        >
          {text("audit.export")}
        </a>
      </PageHead>
      <div className="grid gap-3 md:grid-cols-2">
        <Field
          label={text("audit.action")}
          placeholder="person.deactivated"
          maxLength={100}
          value={action}
          onChange={(event) => setAction(event.target.value)}
        />
        <Field
          label={text("audit.since")}
          type="date"
          value={since}
          onChange={(event) => setSince(event.target.value)}
        />
      </div>
      <Paged list={events} none={text("palette.nothing")}>
        {(found) => (
          <Table
            label={text("nav.audit")}
            columns={[
              text("audit.time"),
              text("audit.actor"),
              text("audit.action"),
              text("audit.target"),
              text("audit.from"),
            ]}
          >
            {found.map((each) => (
              <tr key={each.id}>
                <td className="whitespace-nowrap">{time.format(new Date(each.at))}</td>
                <td>{each.actor_name ?? each.actor_kind}</td>
                <td>{each.action}</td>
                <td>{each.target_name ?? each.target_kind}</td>
                <td>{each.address}</td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
    </>
  );
}
