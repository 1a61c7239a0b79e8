import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "@/api/client";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Card, ErrorNote, Field } from "@/kit";

/** Set or change one's password; all other sessions end. */
export function PasswordForm() {
  const text = useText();
  const queries = useQueryClient();
  const { data: who } = useQuery(me);
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const hasPassword = who?.account?.has_password ?? false;
  const change = useMutation({
    mutationFn: () =>
      unwrap(api.PUT("/v1/me/password", { body: { new: next, ...(current ? { current } : {}) } })),
    onSuccess: async () => {
      setCurrent("");
      setNext("");
      await queries.invalidateQueries({ queryKey: me.queryKey });
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Card title={text("password.title")}>
      <form onSubmit={submit} className="grid gap-4">
        <input
          type="hidden"
          autoComplete="username"
          name="username"
          value={who?.person?.email ?? ""}
        />
        {hasPassword ? (
          <Field
            label={text("password.current")}
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        ) : null}
        <Field
          label={text("password.new")}
          hint={text("password.hint")}
          type="password"
          autoComplete="new-password"
          required
          value={next}
          onChange={(event) => setNext(event.target.value)}
        />
        {change.error ? <ErrorNote error={change.error} /> : null}
        <div className="flex items-center justify-end gap-3">
          <span role="status" className="text-good">
            {change.isSuccess ? text("common.saved") : ""}
          </span>
          <Button kind="primary" type="submit" busy={change.isPending} disabled={!next}>
            {text(hasPassword ? "password.change" : "password.set")}
          </Button>
        </div>
      </form>
    </Card>
  );
}
