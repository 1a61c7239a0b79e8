import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { ApiError, type Schema, send } from "@/api/client";
import { LocaleContext, useText } from "@/i18n";
import { Button, Dialog, DialogForm, ErrorNote, Field, Notice } from "@/kit";

const ASK_EVERY_MS = 1500;

interface PersonalDataProps {
  /** Whose data; null: of the person who is signed in. */
  personId: string | null;
  email: string;
  mayExport: boolean;
  mayErase: boolean;
  onErased: () => void;
}

/** Everything that is known about a person, as a file; and erasing it. */
export function PersonalData(props: PersonalDataProps) {
  const text = useText();
  const [erasing, setErasing] = useState(false);
  const path = props.personId ? `/v1/people/${props.personId}` : "/v1/me";
  return (
    <div className="grid gap-4">
      {props.mayExport ? <Export path={path} /> : null}
      {props.mayErase ? (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="m-0 max-w-prose grow basis-64">{text("data.eraseAbout")}</p>
          <Button kind="danger" onClick={() => setErasing(true)}>
            {text("data.erase")}
          </Button>
        </div>
      ) : null}
      <Dialog title={text("data.erase")} open={erasing} onClose={() => setErasing(false)}>
        <Erase
          path={path}
          email={props.email}
          onClose={() => setErasing(false)}
          onErased={props.onErased}
        />
      </Dialog>
    </div>
  );
}

function Export({ path }: { path: string }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const queries = useQueryClient();
  const queryKey = ["personal-export", path];
  const found = useQuery({
    queryKey,
    queryFn: () => getExport(path),
    refetchInterval: (query) => (query.state.data?.status === "queued" ? ASK_EVERY_MS : false),
  });
  const ask = useMutation({
    mutationFn: async () => {
      const answer = await send(`${path}/export`, { method: "POST" });
      return (await answer.json()) as Schema["PersonalExport"];
    },
    onSuccess: (made) => queries.setQueryData(queryKey, made),
  });
  const made = found.data;
  const isWorking = ask.isPending || made?.status === "queued";
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="m-0 max-w-prose grow basis-64">{text("data.exportAbout")}</p>
        <div className="flex flex-wrap gap-2">
          {made?.status === "done" ? (
            <a
              href={`${path}/export/archive`}
              download
              className="inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 font-medium hover:border-line-strong"
            >
              {text("documents.download")}
            </a>
          ) : null}
          <Button busy={isWorking} onClick={() => ask.mutate()}>
            {text("data.export")}
          </Button>
        </div>
      </div>
      <p role="status" className="m-0 text-sm text-ink-soft">
        {isWorking ? text("data.exporting") : null}
        {!isWorking && made?.status === "done" && made.expires_at
          ? text("data.until", { day: day.format(new Date(made.expires_at)) })
          : null}
      </p>
      {made?.status === "failed" ? <Notice>{made.error ?? text("data.failed")}</Notice> : null}
      {(ask.error ?? found.error) ? <ErrorNote error={ask.error ?? found.error} /> : null}
    </div>
  );
}

/** The export that there is; null for none. */
async function getExport(path: string): Promise<Schema["PersonalExport"] | null> {
  try {
    const answer = await send(`${path}/export`, {});
    return (await answer.json()) as Schema["PersonalExport"];
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

interface EraseProps {
  path: string;
  email: string;
  onClose: () => void;
  onErased: () => void;
}

function Erase({ path, email, onClose, onErased }: EraseProps) {
  const text = useText();
  const [typed, setTyped] = useState("");
  const erase = useMutation({
    mutationFn: () =>
      send(`${path}/erasure`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: typed.trim() }),
      }),
    onSuccess: onErased,
  });
  return (
    <DialogForm
      action={text("data.erase")}
      kind="danger"
      busy={erase.isPending}
      error={erase.error}
      disabled={typed.trim().toLowerCase() !== email.toLowerCase()}
      onSubmit={() => erase.mutate()}
      onClose={onClose}
    >
      <p className="m-0">{text("data.eraseAsk", { email })}</p>
      <Field
        label={text("data.eraseConfirm", { email })}
        type="email"
        required
        autoComplete="off"
        maxLength={320}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </DialogForm>
  );
}
