import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "@/i18n";
import { Button, Confirm, Dialog, EmptyState, ErrorNote, Icon, Skeleton } from "@/kit";
import type { Chat } from "../chat";
import type { Room } from "../model";
import { NewProgram } from "./new-program";
import { ProgramView } from "./program";
import { type Program, programList, programsChanged, useProgramNews } from "./queries";
import { StateBadge, StopReason } from "./state";

interface ProgramsProps {
  chat: Chat;
  room: Room;
  onClose: () => void;
}

/** The programs of a room, for whoever puts them there. */
export default function Programs({ chat, room, onClose }: ProgramsProps) {
  const text = useText();
  const queries = useQueryClient();
  const list = useQuery(programList(room.id));
  useProgramNews(chat, room.id);
  const [opened, setOpened] = useState<string | null>(null);
  const [isAdding, setAdding] = useState(false);
  const [isDirty, setDirty] = useState(false);
  const [leaving, setLeaving] = useState<(() => void) | null>(null);
  const program = list.data?.find((each) => each.id === opened);
  const changed = (next: Program) => {
    chat.names.learn([next]);
    void programsChanged(queries);
  };
  const toList = () => {
    setOpened(null);
    setAdding(false);
    setDirty(false);
  };
  const leave = (go: () => void) => (isDirty ? setLeaving(() => go) : go());
  const title = program?.name ?? text(isAdding ? "programs.add" : "programs.title");
  return (
    <Dialog title={title} isWide open onClose={() => leave(onClose)}>
      {opened ? (
        <div className="grid gap-3">
          <div>
            <Button kind="quiet" onClick={() => leave(toList)} className="-ml-3">
              <span aria-hidden="true">←</span> {text("programs.back")}
            </Button>
          </div>
          <ProgramView
            key={opened}
            chat={chat}
            id={opened}
            onDirty={setDirty}
            onChanged={changed}
            onDeleted={() => {
              toList();
              void programsChanged(queries);
            }}
          />
        </div>
      ) : isAdding ? (
        <NewProgram
          room={room.id}
          onAdded={(added) => {
            changed(added);
            setAdding(false);
            setOpened(added.id);
          }}
          onClose={toList}
        />
      ) : (
        <div className="grid gap-4">
          <p className="m-0 text-ink-soft">{text("programs.about")}</p>
          {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
          {list.isPending ? <Skeleton className="h-24 w-full" /> : null}
          {list.data ? <ProgramList programs={list.data} onOpen={setOpened} /> : null}
          <div className="flex justify-end">
            <Button kind="primary" onClick={() => setAdding(true)}>
              <Icon name="plus" size={18} />
              {text("programs.add")}
            </Button>
          </div>
        </div>
      )}
      <Confirm
        title={text("programs.discard")}
        question={text("programs.discardAsk")}
        action={text("programs.discard")}
        open={leaving !== null}
        onConfirm={() => {
          leaving?.();
          setLeaving(null);
        }}
        onClose={() => setLeaving(null)}
      />
    </Dialog>
  );
}

interface ProgramListProps {
  programs: Program[];
  onOpen: (id: string) => void;
}

function ProgramList({ programs, onOpen }: ProgramListProps) {
  const text = useText();
  const present = programs.filter((each) => each.status !== "deleted");
  if (present.length === 0) {
    return <EmptyState title={text("programs.none")}>{text("programs.noneHint")}</EmptyState>;
  }
  return (
    <ul className="m-0 grid list-none gap-2 p-0">
      {present.map((each) => (
        <li key={each.id} className="grid gap-1 rounded-xl border border-line bg-surface p-3">
          <div className="flex flex-wrap items-center gap-2">
            <button
              type="button"
              onClick={() => onOpen(each.id)}
              className="min-h-6 min-w-0 rounded text-left font-medium break-words text-accent hover:underline"
            >
              {each.name}
            </button>
            <StateBadge program={each} />
            <span className="text-sm text-ink-soft">
              {text("programs.version", { number: each.version })}
            </span>
          </div>
          <StopReason program={each} />
        </li>
      ))}
    </ul>
  );
}
