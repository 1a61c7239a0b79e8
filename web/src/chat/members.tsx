import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useContext, useId, useMemo, useState } from "react";
import { findPeople } from "@/admin/groups/queries";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import { ErrorNote, Icon, Menu, MenuItem, Skeleton } from "@/kit";
import { Finder } from "@/kit/finder";
import { Avatar } from "./avatar";
import type { Chat } from "./chat";
import type { Room, RoomMember } from "./model";
import { memberList } from "./queries";
import { useSignal } from "./signal";
import { useNames } from "./use-names";

type Role = RoomMember["role"];
const ROLES: Role[] = ["owner", "moderator", "member", "reader"];
const MUTES = [60, 24 * 60, 7 * 24 * 60];
const SEARCH_FROM = 8;

type Change =
  | { do: "put"; member: string; role: Role }
  | { do: "remove"; member: string }
  | { do: "mute"; member: string; minutes: number }
  | { do: "unmute"; member: string };

function carryOut(room_id: string, change: Change): Promise<unknown> {
  const params = { path: { room_id, member_id: change.member } };
  const path = "/v1/rooms/{room_id}/members/{member_id}";
  switch (change.do) {
    case "put":
      return unwrap(api.PUT(path, { params, body: { role: change.role } }));
    case "remove":
      return unwrap(api.DELETE(path, { params }));
    case "mute":
      return unwrap(api.PUT(`${path}/mute`, { params, body: { minutes: change.minutes } }));
    case "unmute":
      return unwrap(api.DELETE(`${path}/mute`, { params }));
  }
}

/** Who is in a channel, by role and name; moderators bring people in and take them out. */
export function Members({ chat, room }: { chat: Chat; room: Room }) {
  const text = useText();
  const id = useId();
  const queries = useQueryClient();
  const permissions = usePermissions();
  const found = useQuery(memberList(room.id));
  const members = useMemo(() => found.data ?? [], [found.data]);
  const ids = useMemo(() => members.map((each) => each.member_id), [members]);
  const nameOf = useNames(chat, ids);
  const [typed, setTyped] = useState("");
  const change = useMutation({
    mutationFn: (wanted: Change) => carryOut(room.id, wanted),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: memberList(room.id).queryKey });
      await chat.refresh(room.id);
    },
  });
  const wanted = typed.trim().toLowerCase();
  const shown = members
    .filter((each) => nameOf(each.member_id).toLowerCase().includes(wanted))
    .sort(
      (one, other) =>
        ROLES.indexOf(one.role) - ROLES.indexOf(other.role) ||
        nameOf(one.member_id).localeCompare(nameOf(other.member_id)),
    );
  const moderates = room.role === "owner" || room.role === "moderator";
  const mayBring = moderates && !room.is_archived && permissions.includes("people:read");
  return (
    <section aria-labelledby={id} className="grid gap-2">
      <h3 id={id} className="m-0 text-base font-semibold">
        {text("chat.members", { count: members.length })}
      </h3>
      {found.error ? <ErrorNote error={found.error} retry={() => void found.refetch()} /> : null}
      {change.error ? <ErrorNote error={change.error} /> : null}
      {found.isPending ? <Skeleton className="h-24 w-full" /> : null}
      {mayBring ? (
        <Finder
          label={text("chat.bringIn")}
          action={text("common.add")}
          queryKey="chat-members"
          busy={change.isPending}
          search={async (query) =>
            (await findPeople(query)).filter((each) => !ids.includes(each.id))
          }
          onChoose={(each) => change.mutate({ do: "put", member: each.id, role: "member" })}
        />
      ) : null}
      {members.length >= SEARCH_FROM ? (
        <input
          type="search"
          aria-label={text("chat.findMember")}
          placeholder={text("chat.findMember")}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          className="min-h-9 rounded-lg border border-line bg-sunken px-3 placeholder:text-ink-soft"
        />
      ) : null}
      <ul className="m-0 grid max-h-96 list-none gap-0.5 overflow-y-auto p-0">
        {shown.map((each) => (
          <Row
            key={each.member_id}
            chat={chat}
            room={room}
            member={each}
            name={nameOf(each.member_id) || text("chat.somebody")}
            onChange={(next) => change.mutate(next)}
          />
        ))}
      </ul>
      {members.length > 0 && shown.length === 0 ? (
        <p className="m-0 text-ink-soft">{text("chat.nothingFound")}</p>
      ) : null}
    </section>
  );
}

interface RowProps {
  chat: Chat;
  room: Room;
  member: RoomMember;
  name: string;
  onChange: (change: Change) => void;
}

function Row({ chat, room, member, name, onChange }: RowProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const isOnline = useSignal(chat.online).has(member.member_id);
  const isGuest = useSignal(chat.names.guests).has(member.member_id);
  const { member_id, role, muted_until } = member;
  const isMuted = muted_until !== null && Date.parse(muted_until) > Date.now();
  const isOwner = room.role === "owner";
  const isAppointed = role === "member" || role === "reader";
  // What the server allows: moderators decide about members and readers, owners about all.
  const may = (isOwner || (room.role === "moderator" && isAppointed)) && !room.is_archived;
  const roles = isOwner ? ROLES : (["member", "reader"] as Role[]);
  const isMe = member_id === chat.me;
  const until = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return (
    <li className="flex min-h-11 items-center gap-2">
      <Avatar id={member_id} name={name} />
      <span className="min-w-0 grow">
        <span className="block truncate">
          {name}
          {isMe ? <span className="text-ink-soft"> ({text("chat.you")})</span> : null}
          {isOnline ? <span className="text-sm text-good"> · {text("chat.online")}</span> : null}
        </span>
        <span className="block text-sm text-ink-soft">
          {text(`chat.role.${role}`)}
          {member.is_key ? ` · ${text("chat.isKey")}` : ""}
          {isGuest ? ` · ${text("chat.guest")}` : ""}
          {isMuted
            ? ` · ${text("chat.mutedUntil", { time: until.format(Date.parse(muted_until)) })}`
            : ""}
        </span>
      </span>
      {may ? (
        <Menu label={text("chat.about", { name })} trigger={<Icon name="more" size={18} />}>
          {roles
            .filter((each) => each !== role)
            .map((each) => (
              <MenuItem
                key={each}
                onClick={() => onChange({ do: "put", member: member_id, role: each })}
              >
                {text("chat.makeRole", { role: text(`chat.role.${each}`) })}
              </MenuItem>
            ))}
          {role !== "owner" && !isMe ? (
            isMuted ? (
              <MenuItem onClick={() => onChange({ do: "unmute", member: member_id })}>
                {text("chat.unmute")}
              </MenuItem>
            ) : (
              MUTES.map((minutes) => (
                <MenuItem
                  key={minutes}
                  onClick={() => onChange({ do: "mute", member: member_id, minutes })}
                >
                  {text("chat.mute", { time: duration(minutes, locale) })}
                </MenuItem>
              ))
            )
          ) : null}
          {isMe ? null : (
            <MenuItem onClick={() => onChange({ do: "remove", member: member_id })}>
              {text("chat.takeOut")}
            </MenuItem>
          )}
        </Menu>
      ) : null}
    </li>
  );
}

function duration(minutes: number, locale: string): string {
  const [value, unit] = minutes < 24 * 60 ? [minutes / 60, "hour"] : [minutes / 24 / 60, "day"];
  const options = { style: "unit", unit, unitDisplay: "long" } as const;
  return new Intl.NumberFormat(locale, options).format(value as number);
}
