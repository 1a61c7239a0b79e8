import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useContext } from "react";
import { api, unwrap } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Button, Card, ErrorNote, Skeleton } from "@/kit";

/** Where one is signed in, and how to end that. */
export function Sessions() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: () => unwrap(api.GET("/v1/me/sessions")),
  });
  const end = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/v1/me/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const endAll = useMutation({
    mutationFn: () => unwrap(api.DELETE("/v1/me/sessions")),
    onSuccess: async () => {
      queries.clear();
      await navigate({ to: "/sign-in" });
    },
  });
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const error = sessions.error ?? end.error ?? endAll.error;
  return (
    <Card title={text("sessions.title")}>
      {sessions.isPending ? <Skeleton className="h-14 w-full" /> : null}
      {error ? <ErrorNote error={error} /> : null}
      <ul className="m-0 grid list-none grid-cols-1 gap-3 p-0">
        {sessions.data?.map((each) => (
          <li key={each.id} className="flex items-center justify-between gap-3">
            <div className="min-w-0">
              <p className="m-0 truncate">{each.user_agent ?? each.address ?? each.method}</p>
              <p className="m-0 text-sm text-ink-soft">
                {each.is_current ? `${text("sessions.this")} · ` : ""}
                {time.format(new Date(each.last_seen_at ?? each.created_at))}
                {each.address ? ` · ${each.address}` : ""}
              </p>
            </div>
            {each.is_current ? null : (
              <Button kind="danger" onClick={() => end.mutate(each.id)}>
                {text("sessions.end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <div className="flex justify-end">
        <Button kind="danger" busy={endAll.isPending} onClick={() => endAll.mutate()}>
          {text("sessions.endAll")}
        </Button>
      </div>
    </Card>
  );
}
