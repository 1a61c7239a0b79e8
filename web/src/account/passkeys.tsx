import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useContext, useState } from "react";
import { api, unwrap } from "@/api/client";
import { me } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import { Button, Card, ErrorNote, Field, Skeleton } from "@/kit";
import { PasskeyError } from "./sign-in";
import { canUsePasskeys, makePasskey } from "./webauthn";

const passkeys = {
  queryKey: ["passkeys"],
  queryFn: () => unwrap(api.GET("/v1/me/passkeys")),
};

/** One's passkeys: add and remove them. */
export function Passkeys() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const list = useQuery(passkeys);
  const changed = async () => {
    await queries.invalidateQueries({ queryKey: passkeys.queryKey });
    await queries.invalidateQueries({ queryKey: me.queryKey });
  };
  const add = useMutation({
    mutationFn: async () => {
      const { challenge_id, options } = await unwrap(api.POST("/v1/me/passkeys/options"));
      const credential = await makePasskey(options);
      const body = { challenge_id, credential, name: name.trim() || text("passkeys.default") };
      return unwrap(api.POST("/v1/me/passkeys", { body }));
    },
    onSuccess: async () => {
      setName("");
      await changed();
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/v1/me/passkeys/{passkey_id}", { params: { path: { passkey_id: id } } })),
    onSuccess: changed,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  return (
    <Card title={text("passkeys.title")} about={text("passkeys.about")}>
      {list.isPending ? <Skeleton className="h-10 w-full" /> : null}
      {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
      {list.data && list.data.length > 0 ? (
        <ul className="m-0 grid list-none gap-2 p-0">
          {list.data.map((each) => (
            <li key={each.id} className="flex items-center justify-between gap-3">
              <span>
                {each.name}{" "}
                <span className="text-sm text-ink-soft">
                  {day.format(new Date(each.created_at))}
                </span>
              </span>
              <Button kind="danger" onClick={() => remove.mutate(each.id)}>
                {text("common.remove")}
                <span className="sr-only"> {each.name}</span>
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      {remove.error ? <ErrorNote error={remove.error} /> : null}
      {add.error ? <PasskeyError error={add.error} /> : null}
      {canUsePasskeys ? (
        <form onSubmit={submit} className="grid gap-4">
          <Field
            label={text("passkeys.name")}
            placeholder={text("passkeys.default")}
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <div className="flex justify-end">
            <Button kind="primary" type="submit" busy={add.isPending}>
              {text("passkeys.add")}
            </Button>
          </div>
        </form>
      ) : (
        <p className="m-0 text-ink-soft">{text("passkeys.cannot")}</p>
      )}
    </Card>
  );
}
