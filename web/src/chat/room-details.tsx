import { useMutation } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Check, Copyable, Dialog, ErrorNote, Field, Select, Skeleton } from "@/kit";
import type { Chat } from "./chat";
import { Members } from "./members";
import type { Room } from "./model";

const Integrations = lazy(() => import("./integrations"));
const Rules = lazy(() => import("./rules"));
const REACHES = ["by_size", "everybody", "moderators"] as const;
const TOLD: Room["notifications"][] = ["all", "mentions", "nothing"];

interface RoomDetailsProps {
  chat: Chat;
  room: Room;
  name: string;
  onClose: () => void;
}

/** What a room is, who is in it, and how one has it. */
export default function RoomDetails({ chat, room, name, onClose }: RoomDetailsProps) {
  const text = useText();
  const permissions = usePermissions();
  const isChannel = room.kind === "channel";
  const moderates = isChannel && (room.role === "owner" || room.role === "moderator");
  return (
    <Dialog title={name} open onClose={onClose}>
      <div className="grid gap-6">
        {moderates ? (
          <>
            <About chat={chat} room={room} />
            <Reaches chat={chat} room={room} />
            <Suspense fallback={<Skeleton className="h-24 w-full" />}>
              <Rules room={room.id} />
            </Suspense>
          </>
        ) : room.description ? (
          <p className="m-0 break-words">{room.description}</p>
        ) : null}
        <p className="m-0 text-sm text-ink-soft">
          {text(
            isChannel ? (room.is_public ? "chat.isPublic" : "chat.isPrivate") : "chat.isDirect",
          )}{" "}
          {room.retention_days === null
            ? text("chat.keptForEver")
            : text("chat.keptFor", { days: room.retention_days })}
        </p>
        {isChannel ? <Members chat={chat} room={room} /> : null}
        <div className="grid gap-1">
          <span className="font-medium">{text("chat.linkToRoom")}</span>
          <Copyable value={`${window.location.origin}/chat/${room.id}`} />
        </div>
        {room.role ? <Told chat={chat} room={room} /> : null}
        {permissions.includes("organisation:write") ? <Kept chat={chat} room={room} /> : null}
        {isChannel &&
        (room.role === "owner" || (room.role && permissions.includes("api_keys:write"))) ? (
          <Suspense fallback={<Skeleton className="h-24 w-full" />}>
            <Integrations room={room.id} />
          </Suspense>
        ) : null}
        {isChannel && room.role === "owner" ? <Archive chat={chat} room={room} /> : null}
      </div>
    </Dialog>
  );
}

interface PartProps {
  chat: Chat;
  room: Room;
}

function useChange({ chat, room }: PartProps) {
  return useMutation({
    mutationFn: (body: {
      name?: string;
      description?: string;
      is_archived?: boolean;
      has_link_previews?: boolean;
      reach_all?: Room["reach_all"];
    }) =>
      unwrap(api.PATCH("/v1/rooms/{room_id}", { params: { path: { room_id: room.id } }, body })),
    onSuccess: () => chat.refresh(room.id),
  });
}

/** A moderator names and describes a channel. */
function About(props: PartProps) {
  const { room } = props;
  const text = useText();
  const change = useChange(props);
  const [name, setName] = useState(room.name);
  const [description, setDescription] = useState(room.description);
  const isSame = name.trim() === room.name && description === room.description;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ name: name.trim(), description });
  };
  return (
    <form onSubmit={submit} className="grid gap-3">
      <Field
        label={text("keys.name")}
        maxLength={200}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={text("chat.description")}
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <Check
        label={text("chat.linkPreviews")}
        hint={text("chat.linkPreviewsHint")}
        checked={room.has_link_previews}
        disabled={change.isPending}
        onChange={(event) => change.mutate({ has_link_previews: event.target.checked })}
      />
      {change.error ? <ErrorNote error={change.error} /> : null}
      <div className="flex justify-end">
        <Button
          type="submit"
          kind="primary"
          busy={change.isPending}
          disabled={isSame || !name.trim()}
        >
          {text("common.save")}
        </Button>
      </div>
    </form>
  );
}

/** Who may address everybody in a channel, or groups: a moderator decides. */
function Reaches(props: PartProps) {
  const text = useText();
  const change = useChange(props);
  return (
    <div className="grid gap-1">
      <span className="font-medium">{text("chat.reaches")}</span>
      <div>
        <Select
          label={text("chat.reaches")}
          value={(change.isPending && change.variables.reach_all) || props.room.reach_all}
          options={REACHES.map((each) => ({ value: each, label: text(`chat.reaches.${each}`) }))}
          onChange={(value) => change.mutate({ reach_all: value as Room["reach_all"] })}
        />
      </div>
      <p className="m-0 text-sm text-ink-soft">{text("chat.reachesHint")}</p>
      {change.error ? <ErrorNote error={change.error} /> : null}
    </div>
  );
}

/** Of what in the room one is told. */
function Told({ chat, room }: PartProps) {
  const text = useText();
  const change = useMutation({
    mutationFn: (notifications: Room["notifications"]) =>
      unwrap(
        api.PUT("/v1/rooms/{room_id}/preferences", {
          params: { path: { room_id: room.id } },
          body: { notifications },
        }),
      ),
    onSuccess: () => chat.refresh(room.id),
  });
  return (
    <div className="grid gap-1">
      <span className="font-medium">{text("chat.told")}</span>
      <div>
        <Select
          label={text("chat.told")}
          value={change.variables ?? room.notifications}
          options={TOLD.map((each) => ({ value: each, label: text(`chat.told.${each}`) }))}
          onChange={(value) => change.mutate(value as Room["notifications"])}
        />
      </div>
      <p className="m-0 text-sm text-ink-soft">
        {text("chat.toldHint")}{" "}
        <a href="/account/notifications" className="text-accent underline">
          {text("inbox.preferences")}
        </a>
      </p>
      {change.error ? <ErrorNote error={change.error} /> : null}
    </div>
  );
}

/** For how long the room keeps messages: for whoever answers for the organisation. */
function Kept({ chat, room }: PartProps) {
  const text = useText();
  const [days, setDays] = useState("");
  const change = useMutation({
    mutationFn: (body: { days: number | null }) =>
      unwrap(
        api.PUT("/v1/rooms/{room_id}/retention", {
          params: { path: { room_id: room.id } },
          body,
        }),
      ),
    onSuccess: () => chat.refresh(room.id),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ days: Number(days) });
  };
  return (
    <form onSubmit={submit} className="grid gap-2">
      <Field
        label={text("chat.retention")}
        hint={text("chat.retentionHint")}
        type="number"
        min={0}
        max={36500}
        step={1}
        required
        placeholder={room.retention_days === null ? "" : String(room.retention_days)}
        value={days}
        onChange={(event) => setDays(event.target.value)}
      />
      {change.error ? <ErrorNote error={change.error} /> : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button busy={change.isPending} onClick={() => change.mutate({ days: null })}>
          {text("chat.retentionAsAll")}
        </Button>
        <Button type="submit" busy={change.isPending} disabled={days === ""}>
          {text("common.save")}
        </Button>
      </div>
    </form>
  );
}

function Archive(props: PartProps) {
  const { room } = props;
  const text = useText();
  const change = useChange(props);
  return (
    <div className="grid gap-2 border-t border-line pt-4">
      <p className="m-0 text-sm text-ink-soft">
        {text(room.is_archived ? "chat.archived" : "chat.archiveHint")}
      </p>
      {change.error ? <ErrorNote error={change.error} /> : null}
      <div>
        <Button
          kind={room.is_archived ? "plain" : "danger"}
          busy={change.isPending}
          onClick={() => change.mutate({ is_archived: !room.is_archived })}
        >
          {text(room.is_archived ? "chat.reopen" : "chat.archive")}
        </Button>
      </div>
    </div>
  );
}
