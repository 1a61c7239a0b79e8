import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Confirm, Icon, Menu, MenuItem } from "@/kit";
import type { Chat } from "./chat";
import type { Room } from "./model";
import { Pins } from "./pins";

const RoomDetails = lazy(() => import("./room-details"));
const Programs = lazy(() => import("./programs/dialog"));

interface RoomMenuProps {
  chat: Chat;
  room: Room;
  name: string;
  mayPin: boolean;
}

/** What one can do about a room. */
export function RoomMenu({ chat, room, name, mayPin }: RoomMenuProps) {
  const text = useText();
  const [open, setOpen] = useState<"details" | "pins" | "programs" | "leave" | null>(null);
  const close = () => setOpen(null);
  const administers = usePermissions().includes("organisation:write");
  const mayProgram =
    room.role === "owner" || (administers && (room.kind === "channel" || room.role !== null));
  return (
    <>
      <Menu label={text("chat.more")} trigger={<Icon name="more" />}>
        <MenuItem onClick={() => setOpen("details")}>
          <Icon name="people" size={18} />
          {text("chat.details")}
        </MenuItem>
        <MenuItem onClick={() => setOpen("pins")}>
          <Icon name="pin" size={18} />
          {text("chat.pins")}
        </MenuItem>
        {mayProgram ? (
          <MenuItem onClick={() => setOpen("programs")}>
            <Icon name="cpu" size={18} />
            {text("programs.title")}
          </MenuItem>
        ) : null}
        {room.role && room.kind === "channel" ? (
          <MenuItem onClick={() => setOpen("leave")}>
            <Icon name="leave" size={18} />
            {text("chat.leave")}
          </MenuItem>
        ) : null}
      </Menu>
      {open === "details" ? (
        <Suspense fallback={null}>
          <RoomDetails chat={chat} room={room} name={name} onClose={close} />
        </Suspense>
      ) : null}
      {open === "programs" ? (
        <Suspense fallback={null}>
          <Programs chat={chat} room={room} onClose={close} />
        </Suspense>
      ) : null}
      {open === "pins" ? <Pins chat={chat} room={room} mayUnpin={mayPin} onClose={close} /> : null}
      {open === "leave" ? <Leave chat={chat} room={room} name={name} onClose={close} /> : null}
    </>
  );
}

interface LeaveProps {
  chat: Chat;
  room: Room;
  name: string;
  onClose: () => void;
}

function Leave({ chat, room, name, onClose }: LeaveProps) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/v1/rooms/{room_id}/members/{member_id}", {
          params: { path: { room_id: room.id, member_id: chat.me } },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["chat", "channels"] });
      await navigate({ to: "/chat" });
    },
  });
  return (
    <Confirm
      title={text("chat.leave")}
      question={text(room.is_public ? "chat.leavePublicAsk" : "chat.leavePrivateAsk", { name })}
      action={text("chat.leaveNow")}
      open
      busy={leave.isPending}
      error={leave.error}
      onConfirm={() => leave.mutate()}
      onClose={onClose}
    />
  );
}
