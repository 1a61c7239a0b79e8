import { useQuery } from "@tanstack/react-query";
import { useContext } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { LocaleContext, languageName, useText } from "@/i18n";
import { Badge, Card, EmptyState, ErrorNote, PageHead, Skeleton } from "@/kit";
import { Table } from "@/kit/table";

const ASK_EVERY_MS = 3000;
type Status = Schema["InferenceStatus"];
type Model = Status["models"][number];
const TONES = { running: "good", loaded: "good", ready: "plain", no_worker: "bad" } as const;

/** The installed models, and how busy the machines are that run them. */
export function ModelsPage() {
  const text = useText();
  const status = useQuery({
    queryKey: ["inference-status"],
    refetchInterval: ASK_EVERY_MS,
    queryFn: () => unwrap(api.GET("/v1/inference/status")),
  });
  return (
    <>
      <PageHead title={text("nav.models")} about={text("models.about")} />
      {status.error ? <ErrorNote error={status.error} retry={() => void status.refetch()} /> : null}
      {status.isPending ? (
        <>
          <Skeleton className="h-36 w-full" />
          <Skeleton className="h-60 w-full" />
        </>
      ) : null}
      {status.data ? <Shown status={status.data} /> : null}
    </>
  );
}

function Shown({ status }: { status: Status }) {
  const text = useText();
  return (
    <>
      {status.unavailable.length > 0 ? (
        <p role="status" className="m-0 rounded-lg bg-bad-soft px-4 py-3 text-bad">
          {text("models.unavailable", { names: status.unavailable.join(", ") })}
        </p>
      ) : null}
      <Load status={status} />
      {status.models.length === 0 ? (
        <EmptyState title={text("models.none")}>
          <code>hanse models add en-de</code>
        </EmptyState>
      ) : (
        <ModelTable models={status.models} />
      )}
    </>
  );
}

function Load({ status }: { status: Status }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const { total, busy } = status.workers;
  const seconds = new Intl.NumberFormat(locale, {
    style: "unit",
    unit: "second",
    maximumFractionDigits: 1,
  });
  return (
    <Card title={text("models.load")}>
      <div className="grid gap-1">
        <p className="m-0">{text("models.workers", { busy, count: total })}</p>
        <meter
          aria-label={text("models.workers", { busy, count: total })}
          min={0}
          max={Math.max(total, 1)}
          value={busy}
          className="h-3 w-full"
        />
      </div>
      <dl className="m-0 grid gap-3 sm:grid-cols-4">
        <Figure
          name={text("models.running")}
          value={text("models.items", { count: status.organisation.running_items })}
        />
        {status.organisation.queues.map((queue) => (
          <Figure
            key={queue.service_class}
            name={text(`models.class.${queue.service_class}`)}
            value={text("models.items", { count: queue.items })}
            more={queue.items > 0 ? `≈ ${seconds.format(queue.predicted_s)}` : undefined}
          />
        ))}
      </dl>
    </Card>
  );
}

function Figure({ name, value, more }: { name: string; value: string; more?: string }) {
  return (
    <div className="rounded-lg bg-sunken px-3 py-2">
      <dt className="text-sm text-ink-soft">{name}</dt>
      <dd className="m-0 font-medium">
        {value}
        {more ? <span className="font-normal text-ink-soft"> {more}</span> : null}
      </dd>
    </div>
  );
}

function ModelTable({ models }: { models: Model[] }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
  const language = (tag: string | null) => (tag ? languageName(tag, locale, tag) : "");
  return (
    <Table
      label={text("nav.models")}
      columns={[
        text("keys.name"),
        text("models.does"),
        text("keys.state"),
        text("models.held"),
        text("models.cost"),
        text("models.engine"),
      ]}
    >
      {models.map((each) => (
        <tr key={`${each.name} ${each.version}`}>
          <th scope="row" className="font-medium">
            {each.name}
          </th>
          <td>
            {each.source && each.target
              ? `${language(each.source)} → ${language(each.target)}`
              : each.task}
          </td>
          <td>
            <Badge tone={TONES[each.state]}>{text(`models.state.${each.state}`)}</Badge>
          </td>
          <td className="whitespace-nowrap">
            {text("models.heldBy", { loaded: each.workers_loaded, able: each.workers_able })}
          </td>
          <td className="whitespace-nowrap">
            {each.item_of_100_chars_s === null
              ? text("models.unknown")
              : `${number.format(each.item_of_100_chars_s * 1000)} ms`}
          </td>
          <td>
            {each.engine}
            <code className="block text-sm text-ink-soft">{each.version}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}
