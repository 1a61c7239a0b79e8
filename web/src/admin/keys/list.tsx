import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { apiKeys } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import { Badge, Button, Dialog, ErrorNote, Paged, PageHead } from "@/kit";
import { Table } from "@/kit/table";
import { permissionName } from "../permission-choice";
import { NewKey } from "./new-key";

type Key = Schema["ApiKey"];

/** The keys that programs call this server with. */
export function KeysPage() {
  const text = useText();
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Key | null>(null);
  const keys = useInfiniteQuery(apiKeys);
  return (
    <>
      <PageHead title={text("keys.title")} about={text("keys.about")}>
        <Button kind="primary" onClick={() => setMaking(true)}>
          {text("keys.make")}
        </Button>
      </PageHead>
      <Paged list={keys} none={text("keys.none")}>
        {(found) => <KeyTable keys={found} onRevoke={setEnding} />}
      </Paged>
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
        text("keys.lastDay"),
        text("keys.state"),
        text("keys.actions"),
      ]}
    >
      {keys.map((key) => (
        <tr key={key.id}>
          <th scope="row" className="font-medium">
            {key.name}
            <details className="text-sm font-normal text-ink-soft">
              <summary>{text("keys.scopes", { count: key.scopes.length })}</summary>
              <ul className="mt-1 mb-0 pl-5">
                {key.scopes.map((each) => (
                  <li key={each}>{permissionName(each, text)}</li>
                ))}
              </ul>
            </details>
            {key.requests_per_minute ? (
              <span className="block text-sm font-normal text-ink-soft">
                {text("keys.upTo", { count: key.requests_per_minute })}
              </span>
            ) : null}
          </th>
          <td className="whitespace-nowrap">{date(key.created_at)}</td>
          <td className="whitespace-nowrap">{date(key.last_used_at) ?? text("keys.never")}</td>
          <td className="whitespace-nowrap">{date(key.expires_at) ?? "–"}</td>
          <td>
            <Badge tone={stateOf(key) === "active" ? "good" : "plain"}>
              {text(`keys.${stateOf(key)}`)}
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

function stateOf(key: Key): "active" | "revoked" | "expired" {
  if (key.revoked_at) return "revoked";
  return key.expires_at && new Date(key.expires_at) <= new Date() ? "expired" : "active";
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
