import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import {
  Badge,
  Button,
  Check,
  Confirm,
  Copyable,
  Dialog,
  EmptyState,
  ErrorNote,
  Field,
  PageHead,
  Skeleton,
} from "@/kit";
import { Table } from "@/kit/table";

const providers = {
  queryKey: ["identity-providers"],
  queryFn: () => unwrap(api.GET("/v1/identity-providers")),
};

/** OpenID Connect providers by which people sign in. */
export function ProvidersPage() {
  const text = useText();
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Schema["IdentityProvider"] | null>(null);
  const list = useQuery(providers);
  const changed = () => queries.invalidateQueries({ queryKey: providers.queryKey });
  const toggle = useMutation({
    mutationFn: ({ id, enabled }: { id: string; enabled: boolean }) =>
      unwrap(
        api.PATCH("/v1/identity-providers/{provider_id}", {
          params: { path: { provider_id: id } },
          body: { enabled },
        }),
      ),
    onSuccess: changed,
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/v1/identity-providers/{provider_id}", {
          params: { path: { provider_id: id } },
        }),
      ),
    onSuccess: async () => {
      await changed();
      setEnding(null);
    },
  });
  const error = list.error ?? toggle.error;
  return (
    <>
      <PageHead title={text("nav.providers")}>
        <Button kind="primary" onClick={() => setAdding(true)}>
          {text("providers.add")}
        </Button>
      </PageHead>
      <p className="m-0 text-ink-soft">{text("providers.redirect")}</p>
      <Copyable value={`${window.location.origin}/v1/auth/oidc/callback`} />
      {error ? <ErrorNote error={error} /> : null}
      {list.isPending ? <Skeleton className="h-24 w-full" /> : null}
      {list.data?.length === 0 ? <EmptyState title={text("providers.none")} /> : null}
      {list.data && list.data.length > 0 ? (
        <Table
          label={text("nav.providers")}
          columns={[
            text("keys.name"),
            text("providers.issuer"),
            text("keys.state"),
            text("keys.actions"),
          ]}
        >
          {list.data.map((each) => (
            <tr key={each.id}>
              <th scope="row" className="font-medium">
                {each.name}
              </th>
              <td className="min-w-56 break-words">{each.issuer}</td>
              <td>
                <Badge tone={each.enabled ? "good" : "plain"}>
                  {text(each.enabled ? "providers.on" : "providers.off")}
                </Badge>
              </td>
              <td className="whitespace-nowrap">
                <Button onClick={() => toggle.mutate({ id: each.id, enabled: !each.enabled })}>
                  {text(each.enabled ? "totp.turnOff" : "totp.turnOn")}
                  <span className="sr-only"> {each.name}</span>
                </Button>{" "}
                <Button kind="danger" onClick={() => setEnding(each)}>
                  {text("common.remove")}
                  <span className="sr-only"> {each.name}</span>
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      ) : null}
      <Dialog title={text("providers.add")} open={adding} onClose={() => setAdding(false)}>
        <NewProvider
          onDone={() => {
            setAdding(false);
            void changed();
          }}
        />
      </Dialog>
      <Confirm
        title={text("providers.remove")}
        question={text("providers.removeAsk", { name: ending?.name ?? "" })}
        action={text("common.remove")}
        open={ending !== null}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => (ending ? remove.mutate(ending.id) : undefined)}
        onClose={() => setEnding(null)}
      />
    </>
  );
}

function NewProvider({ onDone }: { onDone: () => void }) {
  const text = useText();
  const [name, setName] = useState("");
  const [issuer, setIssuer] = useState("");
  const [clientId, setClientId] = useState("");
  const [secret, setSecret] = useState("");
  const [domains, setDomains] = useState("");
  const [provisioning, setProvisioning] = useState(false);
  const add = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/identity-providers", {
          body: {
            name: name.trim(),
            issuer: issuer.trim(),
            client_id: clientId.trim(),
            ...(secret ? { client_secret: secret } : {}),
            allowed_domains: domains.split(/[\s,]+/).filter(Boolean),
            provisioning,
            groups_claim: "groups",
            enabled: true,
          },
        }),
      ),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field
        label={text("keys.name")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={text("providers.issuer")}
        type="url"
        required
        placeholder="https://login.example.org"
        value={issuer}
        onChange={(event) => setIssuer(event.target.value)}
      />
      <Field
        label={text("providers.clientId")}
        required
        value={clientId}
        onChange={(event) => setClientId(event.target.value)}
      />
      <Field
        label={text("providers.secret")}
        type="password"
        autoComplete="off"
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      <Field
        label={text("providers.domains")}
        hint={text("providers.domainsHint")}
        value={domains}
        onChange={(event) => setDomains(event.target.value)}
      />
      <Check
        label={text("providers.provisioning")}
        checked={provisioning}
        onChange={(event) => setProvisioning(event.target.checked)}
      />
      {add.error ? <ErrorNote error={add.error} /> : null}
      <div className="flex justify-end">
        <Button kind="primary" type="submit" busy={add.isPending}>
          {text("providers.add")}
        </Button>
      </div>
    </form>
  );
}
