import { useQuery } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { api, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { EmptyState, ErrorNote, PageHead, Select, Skeleton } from "@/kit";
import { Table } from "@/kit/table";
import { type Day, days, lastDays } from "./usage-days";

const HEIGHT = 160;
const STEP = 20;

/** How many characters were translated, by day and by key. */
export function UsagePage() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const [span, setSpan] = useState("30");
  const dates = lastDays(new Date(), Number(span));
  const usage = useQuery({
    queryKey: ["usage", dates[0], dates.at(-1)],
    queryFn: () =>
      unwrap(
        api.GET("/v2/admin/analytics", {
          params: {
            query: {
              start_date: dates[0] ?? "",
              end_date: dates.at(-1) ?? "",
              group_by: "key_and_day",
            },
          },
        }),
      ),
  });
  const report = usage.data?.usage_report;
  const rows = report?.key_and_day_usages ?? [];
  const number = new Intl.NumberFormat(locale);
  return (
    <>
      <PageHead title={text("nav.usage")}>
        <Select
          label={text("usage.span")}
          value={span}
          onChange={setSpan}
          options={["7", "30", "90", "365"].map((value) => ({
            value,
            label: text("usage.days", { count: Number(value) }),
          }))}
        />
      </PageHead>
      {usage.error ? <ErrorNote error={usage.error} retry={() => void usage.refetch()} /> : null}
      {usage.isPending ? <Skeleton className="h-56 w-full" /> : null}
      {report && rows.length === 0 ? <EmptyState title={text("usage.none")} /> : null}
      {report && rows.length > 0 ? (
        <>
          <p className="m-0 text-ink-soft">
            {text("usage.total", { count: report.total_usage.total_characters })}
          </p>
          <Chart days={days(rows, dates)} />
          <Table
            label={text("nav.usage")}
            columns={[text("usage.day"), text("usage.key"), text("usage.characters")]}
          >
            {rows.map((row) => (
              <tr key={`${row.usage_date} ${row.api_key}`}>
                <td className="whitespace-nowrap">{row.usage_date?.slice(0, 10)}</td>
                <td>{row.api_key_label || text("usage.people")}</td>
                <td>{number.format(row.usage.total_characters)}</td>
              </tr>
            ))}
          </Table>
        </>
      ) : null}
    </>
  );
}

/** A bar a day. The table below it says the same to those who do not see it. */
function Chart({ days }: { days: Day[] }) {
  const text = useText();
  const most = Math.max(1, ...days.map((day) => day.characters));
  return (
    <svg
      role="img"
      aria-label={text("usage.chart")}
      viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-40 w-full rounded-xl border border-line bg-surface text-accent"
    >
      {days.map((day, index) => {
        const height = (day.characters / most) * (HEIGHT - 16);
        return (
          <rect
            key={day.date}
            x={index * STEP + 2}
            y={HEIGHT - height}
            width={STEP - 4}
            height={height}
            fill="currentColor"
          >
            <title>{`${day.date}: ${day.characters}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
