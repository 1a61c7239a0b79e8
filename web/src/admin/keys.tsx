import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { apiKeys } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import {
  Badge,
  Button,
  Dialog,
  DialogForm,
  EmptyState,
  ErrorNote,
  Field,
  PageHead,
  Skeleton,
} from "@/kit";
import { Table } from "@/kit/table";

type Key = Schema["ApiKey"];

/** The keys that programs call this server with. */
export function KeysPage() {
  const text = useText();
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Key | null>(null);
  const keys = useInfiniteQuery(apiKeys);
  const found = keys.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title={text("keys.title")} about={text("keys.about")}>
        <Button kind="primary" onClick={() => setMaking(true)}>
          {text("keys.make")}
        </Button>
      </PageHead>
      {keys.error ? <ErrorNote error={keys.error} retry={() => void keys.refetch()} /> : null}
      {keys.isPending ? <Skeleton className="h-40 w-full" /> : null}
      {keys.data && found.length === 0 ? <EmptyState title={text("keys.none")} /> : null}
      {found.length > 0 ? <KeyTable keys={found} onRevoke={setEnding} /> : null}
      {keys.hasNextPage ? (
        <Button busy={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
          {text("common.more")}
        </Button>
      ) : null}
      <Dialog title={text("keys.make")} open={making} onClose={() => setMaking(false)}>
        <NewKey onClose={() => setMaking(false)} />
      </Dialog>
      <Dialog title={text("keys.revoke")} open={ending !== null} onClose={() => setEnding(null)}>
        {ending ? <Revoke apiKey={ending} onClose={() => setEnding(null)} /> : null}
      </Dialog>
    </>
  );
}

function KeyTable({ keys, onRevoke }: { keys: Key[]; onRevoke: (key: Key) => void }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const date = (value: string | null) =>
    value ? new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(value)) : null;
  return (
    <Table
      label={text("keys.title")}
      columns={[
        text("keys.name"),
        text("keys.made"),
        text("keys.used"),
        text("keys.state"),
        text("keys.actions"),
      ]}
    >
      {keys.map((key) => (
        <tr key={key.id}>
          <th scope="row" className="font-medium">
            {key.name}
            <span className="block text-sm font-normal text-ink-soft">
              {text("keys.scopes", { count: key.scopes.length })}
            </span>
          </th>
          <td className="whitespace-nowrap">{date(key.created_at)}</td>
          <td className="whitespace-nowrap">{date(key.last_used_at) ?? text("keys.never")}</td>
          <td>
            <Badge tone={key.revoked_at ? "plain" : "good"}>
              {text(key.revoked_at ? "keys.revoked" : "keys.active")}
            </Badge>
          </td>
          <td>
            {key.revoked_at ? null : (
              <Button kind="danger" onClick={() => onRevoke(key)}>
                {text("keys.revoke")}
                <span className="sr-only"> {key.name}</span>
              </Button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/v1/api-keys", { body: { name: name.trim() } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: apiKeys.queryKey }),
  });
  if (make.data) return <Secret secret={make.data.secret ?? ""} onClose={onClose} />;
  return (
    <DialogForm
      action={text("keys.make")}
      busy={make.isPending}
      error={make.error}
      disabled={!name.trim()}
      onSubmit={() => make.mutate()}
      onClose={onClose}
    >
      <Field
        label={text("keys.name")}
        hint={text("keys.nameHint")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </DialogForm>
  );
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const text = useText();
  const [copied, setCopied] = useState(false);
  const example = `curl ${window.location.origin}/v2/translate -H "Authorization: DeepL-Auth-Key ${secret}" --json '{"text":["Good morning!"],"target_lang":"PT-BR"}'`;
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    setCopied(true);
  };
  return (
    <div className="grid gap-4">
      <p className="m-0">{text("keys.once")}</p>
      <code className="block rounded-lg bg-sunken px-3 py-2 break-all">{secret}</code>
      <p className="m-0 text-ink-soft">{text("keys.try")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable */}
      <pre tabIndex={0} className="m-0 overflow-x-auto rounded-lg bg-sunken px-3 py-2 text-sm">
        {example}
      </pre>
      <div className="flex justify-end gap-2">
        <Button onClick={() => void copy()}>
          {text(copied ? "common.copied" : "common.copy")}
        </Button>
        <Button kind="primary" onClick={onClose}>
          {text("common.close")}
        </Button>
      </div>
    </div>
  );
}

function Revoke({ apiKey, onClose }: { apiKey: Key; onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/v1/api-keys/{key_id}", { params: { path: { key_id: apiKey.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: apiKeys.queryKey });
      onClose();
    },
  });
  return (
    <div className="grid gap-4">
      <p className="m-0">{text("keys.revokeAsk", { name: apiKey.name })}</p>
      {revoke.error ? <ErrorNote error={revoke.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{text("common.cancel")}</Button>
        <Button kind="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          {text("keys.revoke")}
        </Button>
      </div>
    </div>
  );
}
