import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useText } from "@/i18n";
import { Dialog, EmptyState, ErrorNote, Icon, IconButton, Skeleton } from "@/kit";
import type { Chat } from "./chat";
import { MessageLine } from "./message-line";
import type { Room } from "./model";
import { pinnedList } from "./queries";
import { useNames, useProgramNames } from "./use-names";

interface PinsProps {
  chat: Chat;
  room: Room;
  mayUnpin: boolean;
  onClose: () => void;
}

/** What is pinned in a room, pinned last first. */
export function Pins({ chat, room, mayUnpin, onClose }: PinsProps) {
  const text = useText();
  const found = useQuery(pinnedList(room.id));
  const [gone, setGone] = useState<number[]>([]);
  const messages = found.data?.messages.filter((each) => !gone.includes(each.number));
  const senders = useMemo(
    () => (found.data?.messages ?? []).map((each) => each.sender_id),
    [found.data],
  );
  const nameOf = useNames(chat, senders);
  useProgramNames(chat, room.id, found.data?.messages ?? []);
  return (
    <Dialog title={text("chat.pins")} open onClose={onClose}>
      {found.error ? <ErrorNote error={found.error} retry={() => void found.refetch()} /> : null}
      {found.isPending ? <Skeleton className="h-24 w-full" /> : null}
      {messages?.length === 0 ? (
        <EmptyState title={text("chat.noPins")}>{text("chat.noPinsHint")}</EmptyState>
      ) : null}
      <ul className="m-0 grid list-none gap-2 p-0">
        {messages?.map((each) => (
          <MessageLine
            key={each.number}
            room={room.id}
            sender={nameOf(each.sender_id)}
            message={each}
            translation={found.data?.translations.find((other) => other.number === each.number)}
            onOpen={onClose}
          >
            {mayUnpin ? (
              <IconButton
                label={text("chat.unpin")}
                onClick={() => {
                  setGone([...gone, each.number]);
                  chat.send(room.id, { kind: "pin", target: each.number, on: false });
                }}
                className="mt-1"
              >
                <Icon name="close" size={18} />
              </IconButton>
            ) : null}
          </MessageLine>
        ))}
      </ul>
    </Dialog>
  );
}
