import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { peopleFound } from "@/admin/groups/queries";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import type { IconName } from "@/kit/icons";
import { currentChat } from "./current";
import { roomList } from "./queries";

const FOUND_MAX = 6;

export interface FoundPlace {
  key: string;
  name: string;
  about: string;
  icon: IconName;
  go: () => void;
}

/** Channels by a part of their names, and people to talk to. */
export function useChatPlaces(typed: string): FoundPlace[] {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const permissions = usePermissions();
  const mayRead = permissions.includes("chat:read");
  const query = typed.trim().toLowerCase();
  const rooms = useQuery({ ...roomList, enabled: mayRead }).data ?? [];
  const people = useQuery({
    ...peopleFound(typed.trim()),
    enabled: mayRead && permissions.includes("people:read") && query.length > 1,
  });
  const open = (roomId: string) => void navigate({ to: "/chat/$roomId", params: { roomId } });
  const talkTo = async (id: string) => {
    const body = { kind: "direct" as const, member_ids: [id], description: "", is_public: false };
    const room = await unwrap(api.POST("/v1/rooms", { body }));
    await (currentChat.get()?.refresh(room.id) ?? queries.invalidateQueries(roomList));
    open(room.id);
  };
  if (query === "") return [];
  const channels = rooms
    .filter((each) => each.kind === "channel" && each.name.toLowerCase().includes(query))
    .slice(0, FOUND_MAX)
    .map(({ id, name }) => ({
      key: `room ${id}`,
      name,
      about: text("nav.chat"),
      icon: "hash" as const,
      go: () => open(id),
    }));
  const others = (people.data ?? [])
    .filter((each) => each.id !== currentChat.get()?.me)
    .slice(0, FOUND_MAX)
    .map(({ id, name }) => ({
      key: `talk to ${id}`,
      name,
      about: text("nav.chat"),
      icon: "chat" as const,
      go: () => void talkTo(id).catch(() => undefined),
    }));
  return [...channels, ...others];
}
