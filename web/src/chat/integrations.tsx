import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, unwrap } from "@/api/client";
import { type Translate, useText } from "@/i18n";
import { Badge, Button, Confirm, Copyable, ErrorNote, Field, Select, Skeleton } from "@/kit";
import { commandList } from "./commands";
import { memberList } from "./queries";

const KINDS = ["incoming", "command", "word", "mention", "all", "bot"] as const;
type Kind = (typeof KINDS)[number];

/** A program that takes part in a room, whatever it is. */
interface Integration {
  bot: string;
  name: string;
  kind: Kind;
  about: string;
  active: boolean;
}

const integrationList = (room: string) => ({
  queryKey: ["chat", "integrations", room],
  queryFn: async (): Promise<Integration[]> => {
    const params = { path: { room_id: room } };
    const [incoming, outgoing, bots] = await Promise.all([
      unwrap(api.GET("/v1/rooms/{room_id}/incoming-webhooks", { params })),
      unwrap(api.GET("/v1/rooms/{room_id}/outgoing-webhooks", { params })),
      unwrap(api.GET("/v1/rooms/{room_id}/bots", { params })),
    ]);
    return [
      ...incoming.map((each) => ({
        bot: each.bot_id,
        name: each.name,
        kind: "incoming" as const,
        about: each.topic ? `# ${each.topic}` : "",
        active: true,
      })),
      ...outgoing.map((each) => ({
        bot: each.bot_id,
        name: each.name,
        kind: each.sends,
        about: [said(each), new URL(each.url).host].filter(Boolean).join(" → "),
        active: each.active,
      })),
      ...bots.map((each) => ({
        bot: each.id,
        name: each.name,
        kind: "bot" as const,
        about: "",
        active: true,
      })),
    ];
  },
});

function said({ sends, word }: { sends: Kind; word: string | null }): string {
  return sends === "command" ? `/${word}` : (word ?? "");
}

/** What is shown once, and what it is. */
interface Secret {
  value: string;
  about: string;
}

interface Fields {
  kind: Kind;
  name: string;
  url: string;
  word: string;
  hint: string;
  description: string;
  topic: string;
}

const EMPTY: Fields = {
  kind: "incoming",
  name: "",
  url: "",
  word: "",
  hint: "",
  description: "",
  topic: "",
};

async function make(room_id: string, fields: Fields, text: Translate): Promise<Secret> {
  const params = { path: { room_id } };
  const { kind, name, url, word, hint, description } = fields;
  if (kind === "incoming") {
    const body = { name, topic: fields.topic.trim() || null };
    const made = await unwrap(api.POST("/v1/rooms/{room_id}/incoming-webhooks", { params, body }));
    return { value: made.url ?? "", about: text("integrations.onceAddress") };
  }
  if (kind === "bot") {
    const made = await unwrap(api.POST("/v1/rooms/{room_id}/bots", { params, body: { name } }));
    return { value: made.secret ?? "", about: text("keys.once") };
  }
  const needsWord = kind === "word" || kind === "command";
  const body = { name, url, sends: kind, word: needsWord ? word : null, hint, description };
  const made = await unwrap(api.POST("/v1/rooms/{room_id}/outgoing-webhooks", { params, body }));
  return { value: made.secret ?? "", about: text("webhooks.secretOnce") };
}

async function rotate(room_id: string, { bot, kind }: Integration, text: Translate) {
  const params = { path: { room_id, bot_id: bot } };
  if (kind === "incoming") {
    const path = "/v1/rooms/{room_id}/incoming-webhooks/{bot_id}/rotate-secret";
    const { url } = await unwrap(api.POST(path, { params }));
    return { value: url, about: text("integrations.onceAddress") };
  }
  const path = "/v1/rooms/{room_id}/outgoing-webhooks/{bot_id}/rotate-secret";
  const { secret } = await unwrap(api.POST(path, { params }));
  return { value: secret, about: text("webhooks.secretOnce") };
}

function changed(queries: QueryClient, room: string): Promise<unknown> {
  return Promise.all([
    queries.invalidateQueries({ queryKey: integrationList(room).queryKey }),
    queries.invalidateQueries({ queryKey: commandList(room).queryKey }),
    queries.invalidateQueries({ queryKey: memberList(room).queryKey }),
  ]);
}

/** The programs that take part in a room: bots, webhooks and commands; for its owners. */
export default function Integrations({ room }: { room: string }) {
  const text = useText();
  const id = useId();
  const queries = useQueryClient();
  const found = useQuery(integrationList(room));
  const [secret, setSecret] = useState<Secret | null>(null);
  const [leaving, setLeaving] = useState<Integration | null>(null);
  const onSuccess = () => changed(queries, room);
  const renew = useMutation({
    mutationFn: (each: Integration) => rotate(room, each, text),
    onSuccess: setSecret,
  });
  const turn = useMutation({
    mutationFn: ({ bot, active }: Integration) =>
      unwrap(
        api.PATCH("/v1/rooms/{room_id}/outgoing-webhooks/{bot_id}", {
          params: { path: { room_id: room, bot_id: bot } },
          body: { active: !active },
        }),
      ),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: (bot_id: string) =>
      unwrap(
        api.DELETE("/v1/rooms/{room_id}/bots/{bot_id}", {
          params: { path: { room_id: room, bot_id } },
        }),
      ),
    onSuccess: async () => {
      setLeaving(null);
      await onSuccess();
    },
  });
  const problem = renew.error ?? turn.error;
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <h3 id={id} className="m-0 text-base font-semibold">
        {text("integrations.title")}
      </h3>
      {found.error ? <ErrorNote error={found.error} retry={() => void found.refetch()} /> : null}
      {problem ? <ErrorNote error={problem} /> : null}
      {found.isPending ? <Skeleton className="h-16 w-full" /> : null}
      {found.data?.length === 0 ? (
        <p className="m-0 text-ink-soft">{text("integrations.none")}</p>
      ) : null}
      <ul className="m-0 grid list-none gap-2 p-0">
        {found.data?.map((each) => (
          <li key={each.bot} className="flex flex-wrap items-center gap-2">
            <span className="min-w-0 grow">
              <span className="block truncate font-medium">{each.name}</span>
              <span className="block truncate text-sm text-ink-soft">
                {text(`integrations.kind.${each.kind}`)}
                {each.about ? ` · ${each.about}` : ""}
              </span>
            </span>
            {each.active ? null : <Badge tone="bad">{text("integrations.off")}</Badge>}
            {each.kind === "incoming" || each.kind === "bot" ? null : (
              <Button busy={turn.isPending} onClick={() => turn.mutate(each)}>
                {text(each.active ? "integrations.turnOff" : "integrations.turnOn")}
              </Button>
            )}
            {each.kind === "bot" ? null : (
              <Button busy={renew.isPending} onClick={() => renew.mutate(each)}>
                {text(each.kind === "incoming" ? "integrations.newAddress" : "webhooks.rotate")}
              </Button>
            )}
            <Button onClick={() => setLeaving(each)}>{text("common.delete")}</Button>
          </li>
        ))}
      </ul>
      {secret ? (
        <div role="status" className="grid gap-2">
          <p className="m-0">{secret.about}</p>
          <Copyable key={secret.value} value={secret.value} />
        </div>
      ) : null}
      <NewIntegration
        room={room}
        onMade={(made) => {
          setSecret(made);
          void onSuccess();
        }}
      />
      <Confirm
        title={leaving?.name ?? ""}
        question={text("integrations.deleteAsk", { name: leaving?.name ?? "" })}
        action={text("common.delete")}
        open={leaving !== null}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => leaving && remove.mutate(leaving.bot)}
        onClose={() => setLeaving(null)}
      />
    </section>
  );
}

function NewIntegration({ room, onMade }: { room: string; onMade: (made: Secret) => void }) {
  const text = useText();
  const [fields, setFields] = useState(EMPTY);
  const { kind } = fields;
  const add = useMutation({
    mutationFn: () => make(room, fields, text),
    onSuccess: (made) => {
      setFields({ ...EMPTY, kind });
      onMade(made);
    },
  });
  const field = (name: keyof Fields, label: string, rest: { required?: boolean; max: number }) => (
    <Field
      label={label}
      required={rest.required}
      maxLength={rest.max}
      type={name === "url" ? "url" : "text"}
      value={fields[name]}
      onChange={(event) => setFields({ ...fields, [name]: event.target.value })}
    />
  );
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <div>
        <Select
          label={text("integrations.add")}
          value={kind}
          options={KINDS.map((each) => ({ value: each, label: text(`integrations.kind.${each}`) }))}
          onChange={(value) => setFields({ ...fields, kind: value as Kind })}
        />
      </div>
      {field("name", text("integrations.name"), { required: true, max: 80 })}
      {kind === "incoming" ? field("topic", text("integrations.topic"), { max: 100 }) : null}
      {kind === "incoming" || kind === "bot"
        ? null
        : field("url", text("webhooks.url"), { required: true, max: 2000 })}
      {kind === "word"
        ? field("word", text("integrations.word"), { required: true, max: 50 })
        : null}
      {kind === "command" ? (
        <>
          {field("word", text("integrations.command"), { required: true, max: 33 })}
          {field("hint", text("integrations.hint"), { max: 100 })}
          {field("description", text("integrations.description"), { max: 200 })}
        </>
      ) : null}
      {add.error ? <ErrorNote error={add.error} /> : null}
      <div className="flex justify-end">
        <Button type="submit" busy={add.isPending}>
          {text("integrations.add")}
        </Button>
      </div>
    </form>
  );
}
