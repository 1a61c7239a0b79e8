import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import {
  Button,
  Confirm,
  Dialog,
  DialogForm,
  EmptyState,
  ErrorNote,
  Field,
  PageHead,
  Skeleton,
} from "@/kit";

const HOSTS_MAX = 100;
/** As the server has it; what is asked is always by https. */
const HOST = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$/;

const hostList = queryOptions({
  queryKey: ["program-hosts"],
  queryFn: async () => (await unwrap(api.GET("/v1/chat/program-hosts"))).hosts,
});

/** Which hosts the programs of all rooms may ask. */
export function ProgramHostsPage() {
  const text = useText();
  const queries = useQueryClient();
  const [isAdding, setIsAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const list = useQuery(hostList);
  const remove = useChange((host) => {
    setRemoving(null);
    setSaid(text("programHosts.removed", { host }));
  });
  const hosts = list.data ?? [];
  return (
    <>
      <PageHead title={text("programHosts.title")} about={text("programHosts.about")}>
        <Button
          kind="primary"
          disabled={!list.data || hosts.length >= HOSTS_MAX}
          onClick={() => setIsAdding(true)}
        >
          {text("programHosts.add")}
        </Button>
      </PageHead>
      {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton className="h-24 w-full" /> : null}
      {hosts.length >= HOSTS_MAX ? (
        <p className="m-0 text-ink-soft">{text("programHosts.full", { count: HOSTS_MAX })}</p>
      ) : null}
      {list.data?.length === 0 ? (
        <EmptyState title={text("programHosts.none")}>{text("programHosts.noneHint")}</EmptyState>
      ) : null}
      {hosts.length > 0 ? (
        <ul
          aria-label={text("programHosts.title")}
          className="m-0 grid list-none divide-y divide-line rounded-xl border border-line bg-surface p-0"
        >
          {hosts.map((host) => (
            <li key={host} className="flex items-center justify-between gap-3 px-4 py-2">
              <span className="min-w-0 break-all">{host}</span>
              <Button kind="danger" onClick={() => setRemoving(host)}>
                {text("common.remove")}
                <span className="sr-only"> {host}</span>
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      <p role="status" className="m-0 text-sm text-ink-soft">
        {said}
      </p>
      <Dialog title={text("programHosts.add")} open={isAdding} onClose={() => setIsAdding(false)}>
        <NewHost
          hosts={hosts}
          onDone={(host) => {
            setIsAdding(false);
            setSaid(text("programHosts.added", { host }));
          }}
          onClose={() => setIsAdding(false)}
        />
      </Dialog>
      <Confirm
        title={text("programHosts.remove")}
        question={text("programHosts.removeAsk", { host: removing ?? "" })}
        action={text("common.remove")}
        open={removing !== null}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => (removing ? remove.mutate({ host: removing, isIn: false }) : undefined)}
        onClose={() => {
          setRemoving(null);
          remove.reset();
          void queries.invalidateQueries({ queryKey: hostList.queryKey });
        }}
      />
    </>
  );
}

interface NewHostProps {
  hosts: readonly string[];
  onDone: (host: string) => void;
  onClose: () => void;
}

function NewHost({ hosts, onDone, onClose }: NewHostProps) {
  const text = useText();
  const [written, setWritten] = useState("");
  const [problem, setProblem] = useState<string | undefined>();
  const add = useChange(onDone);
  const submit = () => {
    const host = written.trim().toLowerCase();
    if (hosts.includes(host)) setProblem(text("programHosts.there", { host }));
    else if (!HOST.test(host)) setProblem(text("programHosts.wrong"));
    else add.mutate({ host, isIn: true });
  };
  return (
    <DialogForm
      action={text("programHosts.add")}
      busy={add.isPending}
      error={add.error}
      disabled={!written.trim()}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={text("programHosts.host")}
        hint={text("programHosts.hint")}
        problem={problem}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        maxLength={260}
        value={written}
        onChange={(event) => {
          setWritten(event.target.value);
          setProblem(undefined);
        }}
      />
    </DialogForm>
  );
}

/** Put a host into the list or take it out, whatever others did to it since it was shown. */
function useChange(onDone: (host: string) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ host, isIn }: { host: string; isIn: boolean }) => {
      const { hosts } = await unwrap(api.GET("/v1/chat/program-hosts"));
      const rest = hosts.filter((each) => each !== host);
      const body = { hosts: isIn ? [...rest, host] : rest };
      return (await unwrap(api.PUT("/v1/chat/program-hosts", { body }))).hosts;
    },
    onSuccess: (hosts, { host }) => {
      queries.setQueryData(hostList.queryKey, hosts);
      onDone(host);
    },
  });
}
