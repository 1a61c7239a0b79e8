import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useText } from "@/i18n";
import { Button, Card, ErrorNote, Notice, Skeleton } from "@/kit";
import { ask } from "./ask";
import { canPush, subscribe } from "./push";
import { pushSubscriptions } from "./queries";

/** The browsers that get push messages: this one, and others. */
export function PushCard({ publicKey }: { publicKey: string }) {
  const text = useText();
  const queries = useQueryClient();
  const list = useQuery(pushSubscriptions);
  const changed = () => queries.invalidateQueries({ queryKey: pushSubscriptions.queryKey });
  const add = useMutation({ mutationFn: () => subscribe(publicKey), onSuccess: changed });
  const remove = useMutation({
    mutationFn: (id: string) => ask<void>("DELETE", `push-subscriptions/${id}`),
    onSuccess: changed,
  });
  const hasThis = list.data?.some((each) => each.is_current) ?? false;
  return (
    <Card title={text("inbox.push")} about={text("inbox.pushAbout")}>
      {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton className="h-10 w-full" /> : null}
      <ul className="m-0 grid list-none gap-2 p-0">
        {list.data?.map((each) => (
          <li key={each.id} className="flex items-center justify-between gap-3">
            <span className="min-w-0 truncate">
              {each.is_current ? `${text("sessions.this")} · ` : ""}
              {each.user_agent ?? each.service}
            </span>
            <Button kind="danger" onClick={() => remove.mutate(each.id)}>
              {text("common.remove")}
              <span className="sr-only"> {each.user_agent ?? each.service}</span>
            </Button>
          </li>
        ))}
      </ul>
      {remove.error ? <ErrorNote error={remove.error} /> : null}
      {add.error instanceof DOMException ? <Notice>{text("inbox.pushRefused")}</Notice> : null}
      {add.error && !(add.error instanceof DOMException) ? <ErrorNote error={add.error} /> : null}
      {canPush && !hasThis ? (
        <div>
          <Button busy={add.isPending} onClick={() => add.mutate()}>
            {text("inbox.pushHere")}
          </Button>
        </div>
      ) : null}
      {canPush ? null : <p className="m-0 text-ink-soft">{text("inbox.cannotPush")}</p>}
    </Card>
  );
}
