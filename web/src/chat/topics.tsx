import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { Schema } from "@/api/client";
import { useText } from "@/i18n";
import { ErrorNote, Icon, Menu, MenuItem } from "@/kit";
import type { Room } from "./model";
import { topicList } from "./queries";
import { useTopicChange } from "./topic-change";

const RenameTopic = lazy(() =>
  import("./topic-dialogs").then((each) => ({ default: each.RenameTopic })),
);

const SHOWN_MAX = 30;

type Topic = Schema["Topic"];

/** The topics of a room, those that are resolved last. */
export function Topics({ room, chosen }: { room: Room; chosen?: string }) {
  const text = useText();
  const [adding, setAdding] = useState(false);
  const { data: topics = [] } = useQuery(topicList(room.id));
  const shown = [
    ...topics.filter((each) => !each.is_resolved),
    ...topics.filter((each) => each.is_resolved),
  ].slice(0, SHOWN_MAX);
  const isListed = chosen === undefined || shown.some((each) => each.name === chosen);
  return (
    <ul
      aria-label={text("chat.topics")}
      className="m-0 mb-1 ml-4 list-none border-l border-line p-0 pl-2"
    >
      {isListed ? null : (
        <li>
          <TopicLink room={room.id} name={chosen} isChosen />
        </li>
      )}
      {shown.map((each) => (
        <TopicRow key={each.name} room={room} topic={each} isChosen={each.name === chosen} />
      ))}
      <li>
        {adding ? (
          <NewTopic room={room.id} onDone={() => setAdding(false)} />
        ) : (
          <button
            type="button"
            onClick={() => setAdding(true)}
            className="rounded-lg px-2 py-1 text-sm text-ink-soft hover:bg-sunken"
          >
            + {text("chat.newTopic")}
          </button>
        )}
      </li>
    </ul>
  );
}

interface TopicRowProps {
  room: Room;
  topic: Topic;
  isChosen: boolean;
}

function TopicRow({ room, topic, isChosen }: TopicRowProps) {
  const text = useText();
  const change = useTopicChange(room.id);
  const [renaming, setRenaming] = useState(false);
  const moderates = room.role === "owner" || room.role === "moderator";
  const writes = room.role !== null && room.role !== "reader" && !room.is_archived;
  const mark = () => change.mutate({ topic: topic.name, is_resolved: !topic.is_resolved });
  return (
    <li>
      <div className="flex items-center">
        <TopicLink
          room={room.id}
          name={topic.name}
          isChosen={isChosen}
          isResolved={topic.is_resolved}
        />
        {writes ? (
          <Menu
            label={text("chat.topic.actions", { name: topic.name })}
            trigger={<Icon name="more" size={16} />}
          >
            {moderates ? (
              <MenuItem onClick={() => setRenaming(true)}>
                <Icon name="pencil" size={18} />
                {text("chat.topic.rename")}
              </MenuItem>
            ) : null}
            <MenuItem onClick={mark}>
              <Icon name={topic.is_resolved ? "history" : "check"} size={18} />
              {text(topic.is_resolved ? "chat.topic.reopen" : "chat.topic.resolve")}
            </MenuItem>
          </Menu>
        ) : null}
      </div>
      {change.error ? <ErrorNote error={change.error} /> : null}
      {renaming ? (
        <Suspense fallback={null}>
          <RenameTopic room={room.id} name={topic.name} onClose={() => setRenaming(false)} />
        </Suspense>
      ) : null}
    </li>
  );
}

interface TopicLinkProps {
  room: string;
  name: string;
  isChosen: boolean;
  isResolved?: boolean;
}

function TopicLink({ room, name, isChosen, isResolved = false }: TopicLinkProps) {
  const text = useText();
  return (
    <Link
      to="/chat/$roomId"
      params={{ roomId: room }}
      search={{ topic: name }}
      aria-current={isChosen ? "page" : undefined}
      className={`flex min-w-0 grow items-center gap-1 rounded-lg px-2 py-1 text-sm hover:bg-sunken ${isChosen ? "font-semibold text-accent-strong" : "text-ink-soft"}`}
    >
      {isResolved ? (
        <>
          <Icon name="check" size={16} />
          <span className="sr-only">{text("chat.topic.resolved")}</span>
        </>
      ) : (
        <span aria-hidden="true">#</span>
      )}
      <span className="truncate">{name}</span>
    </Link>
  );
}

function NewTopic({ room, onDone }: { room: string; onDone: () => void }) {
  const text = useText();
  const [name, setName] = useState("");
  return (
    <form className="flex gap-1" onSubmit={(event) => event.preventDefault()}>
      <input
        aria-label={text("chat.newTopic")}
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        className="min-h-8 w-full min-w-0 rounded-lg border border-line-strong bg-surface px-2 text-sm"
      />
      <Link
        to="/chat/$roomId"
        params={{ roomId: room }}
        search={{ topic: name.trim() || undefined }}
        aria-label={text("common.add")}
        onClick={onDone}
        className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg hover:bg-sunken"
      >
        <Icon name="check" size={18} />
      </Link>
    </form>
  );
}
