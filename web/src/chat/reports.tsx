import {
  infiniteQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useContext, useMemo, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Badge, Button, Check, Dialog, DialogForm, EmptyState, Field, itemsOf, Paged } from "@/kit";
import type { Chat } from "./chat";
import { useNames } from "./use-names";

type Report = Schema["MessageReport"];
type Decision = NonNullable<Report["decision"]>;

const DECISIONS: Decision[] = ["dismiss", "delete", "mute", "remove", "ban"];
const MUTE_MINUTES = 24 * 60;

const reportList = (isOpen: boolean) =>
  infiniteQueryOptions({
    queryKey: ["chat", "reports", isOpen],
    staleTime: 0,
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/chat/reports", {
          params: { query: { open: isOpen, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Messages that were reported, for those who moderate their rooms. */
export function ReportsPane({ chat }: { chat: Chat }) {
  const text = useText();
  const [isOpen, setOpen] = useState(true);
  const [deciding, setDeciding] = useState<Report | null>(null);
  const list = useInfiniteQuery(reportList(isOpen));
  const ids = itemsOf(list)
    .flatMap((each) => [each.sender_id, each.reporter_id, each.decided_by ?? ""])
    .join(" ");
  const nameOf = useNames(
    chat,
    useMemo(() => ids.split(" ").filter(Boolean), [ids]),
  );
  return (
    <section
      aria-label={text("reports.title")}
      className="flex min-w-0 grow flex-col overflow-y-auto max-md:w-full"
    >
      <header className="flex min-h-14 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 md:px-5">
        <Link
          to="/chat"
          aria-label={text("chat.back")}
          className="-ml-1 inline-flex size-9 items-center justify-center rounded-lg text-xl md:hidden"
        >
          ←
        </Link>
        <h1 className="m-0 text-lg font-semibold">{text("reports.title")}</h1>
      </header>
      <div className="mx-auto grid w-full max-w-3xl gap-3 p-3 md:p-5">
        <Check
          label={text("reports.decided")}
          checked={!isOpen}
          onChange={(event) => setOpen(!event.target.checked)}
        />
        <Paged
          list={list}
          none={<EmptyState title={text("reports.none")}>{text("reports.noneHint")}</EmptyState>}
        >
          {(found) => (
            <ul className="m-0 grid list-none gap-3 p-0">
              {found.map((each) => (
                <Row
                  key={each.id}
                  report={each}
                  nameOf={nameOf}
                  onDecide={() => setDeciding(each)}
                />
              ))}
            </ul>
          )}
        </Paged>
      </div>
      {deciding ? (
        <Decide report={deciding} nameOf={nameOf} onClose={() => setDeciding(null)} />
      ) : null}
    </section>
  );
}

interface RowProps {
  report: Report;
  nameOf: (id: string) => string;
  onDecide: () => void;
}

function Row({ report, nameOf, onDecide }: RowProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const sender = nameOf(report.sender_id) || text("chat.somebody");
  return (
    <li className="grid gap-2 rounded-xl border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone="bad">{text(`reports.reason.${report.reason}`)}</Badge>
        <span className="font-semibold">{sender}</span>
        <Link
          to="/chat/$roomId"
          params={{ roomId: report.room_id }}
          search={{ message: report.number }}
          className="text-accent hover:underline"
        >
          {report.room_name || text("reports.direct")}
        </Link>
      </div>
      <blockquote
        dir="auto"
        className="m-0 line-clamp-6 border-l-3 border-line-strong pl-3 break-words whitespace-pre-wrap"
      >
        {report.said || <em className="text-ink-soft">{text("reports.over")}</em>}
      </blockquote>
      {report.note ? <p className="m-0 break-words">“{report.note}”</p> : null}
      <p className="m-0 text-sm text-ink-soft">
        {text("reports.by", {
          name: nameOf(report.reporter_id) || text("chat.somebody"),
          time: time.format(new Date(report.created_at)),
        })}
      </p>
      {report.decision && report.decided_at ? (
        <p className="m-0 text-sm">
          {text("reports.was", {
            decision: text(`reports.decision.${report.decision}`),
            name: nameOf(report.decided_by ?? "") || text("chat.somebody"),
            time: time.format(new Date(report.decided_at)),
          })}{" "}
          {report.decision_note}
        </p>
      ) : (
        <div>
          <Button kind="primary" onClick={onDecide}>
            {text("reports.decide")}
          </Button>
        </div>
      )}
    </li>
  );
}

interface DecideProps {
  report: Report;
  nameOf: (id: string) => string;
  onClose: () => void;
}

function Decide({ report, nameOf, onClose }: DecideProps) {
  const text = useText();
  const queries = useQueryClient();
  const [decision, setDecision] = useState<Decision>("dismiss");
  const [note, setNote] = useState("");
  const decide = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/chat/reports/{report_id}/decision", {
          params: { path: { report_id: report.id } },
          body: { decision, note, minutes: decision === "mute" ? MUTE_MINUTES : null },
        }),
      ),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["chat", "reports"] }),
  });
  const name = nameOf(report.sender_id) || text("chat.somebody");
  return (
    <Dialog title={text("reports.decide")} open onClose={onClose}>
      <DialogForm
        action={text("reports.decideNow")}
        busy={decide.isPending}
        error={decide.error}
        kind={decision === "dismiss" ? "primary" : "danger"}
        onSubmit={() => decide.mutate()}
        onClose={onClose}
      >
        <fieldset className="m-0 grid border-0 p-0">
          <legend className="sr-only">{text("reports.decide")}</legend>
          {DECISIONS.map((each) => (
            <Check
              key={each}
              kind="radio"
              name="decision"
              label={text(`reports.decision.${each}`)}
              hint={text(`reports.decision.${each}.hint`, { name })}
              checked={decision === each}
              onChange={() => setDecision(each)}
            />
          ))}
        </fieldset>
        <Field
          label={text("reports.decisionNote")}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </DialogForm>
    </Dialog>
  );
}
