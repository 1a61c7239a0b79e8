import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useText } from "@/i18n";
import { Button, ErrorNote, Skeleton } from "@/kit";
import { Tabs } from "@/kit/tabs";
import type { Chat } from "../chat";
import type { Written } from "./language";
import { ProgramLog } from "./log";
import { activate, type Program, pause, programById } from "./queries";
import { Settings } from "./settings";
import { Source } from "./source";
import { StateBadge, StopReason } from "./state";
import { Versions } from "./versions";

interface ProgramViewProps {
  chat: Chat;
  id: string;
  /** Whether the source has changes that are not saved. */
  onDirty: (isDirty: boolean) => void;
  onChanged: (program: Program) => void;
  onDeleted: () => void;
}

/** One program: how it is, its source, versions, log and settings. */
export function ProgramView({ chat, id, onDirty, onChanged, onDeleted }: ProgramViewProps) {
  const text = useText();
  const queries = useQueryClient();
  const found = useQuery(programById(id));
  const [tab, setTab] = useState<"source" | "versions" | "log" | "settings">("source");
  const [draft, setDraft] = useState<Written | null>(null);
  const isChanged =
    draft !== null &&
    (draft.source !== found.data?.source || draft.language !== found.data.language);
  useEffect(() => onDirty(isChanged), [isChanged, onDirty]);
  if (found.error) return <ErrorNote error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton className="h-60 w-full" />;
  const { program, progress, source, language } = found.data;
  const written = draft ?? { source, language };
  const saved = (next: Program) => {
    queries.setQueryData(programById(id).queryKey, {
      program: next,
      progress,
      ...written,
    });
    setDraft(null);
    onChanged(next);
  };
  return (
    <div className="grid gap-4">
      <div className="grid gap-2">
        <div className="flex flex-wrap items-center gap-2">
          <StateBadge program={program} />
          <span className="grow text-sm text-ink-soft">
            {text("programs.version", { number: program.version })},{" "}
            {text("programs.given", { count: progress.events })}
          </span>
          <Activation program={program} onChanged={onChanged} />
        </div>
        <StopReason program={program} />
      </div>
      <Tabs
        label={program.name}
        value={tab}
        onChange={setTab}
        tabs={[
          {
            value: "source",
            label: text("programs.tab.source"),
            content: (
              <Source
                program={program}
                written={written}
                isChanged={isChanged}
                onChange={setDraft}
                onDiscard={() => setDraft(null)}
                onSaved={saved}
              />
            ),
          },
          {
            value: "versions",
            label: text("programs.tab.versions"),
            content: (
              <Versions
                chat={chat}
                program={program}
                onShow={(shown) => {
                  setDraft(shown);
                  setTab("source");
                }}
                onActivated={onChanged}
              />
            ),
          },
          {
            value: "log",
            label: text("programs.tab.log"),
            content: <ProgramLog program={program} />,
          },
          {
            value: "settings",
            label: text("programs.tab.settings"),
            content: <Settings program={program} onChanged={onChanged} onDeleted={onDeleted} />,
          },
        ]}
      />
    </div>
  );
}

interface ActivationProps {
  program: Program;
  onChanged: (program: Program) => void;
}

/** Lets a program stand still, and go on. */
function Activation({ program, onChanged }: ActivationProps) {
  const text = useText();
  const isRunning = program.status === "running";
  const change = useMutation({
    mutationFn: () =>
      isRunning
        ? pause(program.id)
        : activate(program.id, { version: program.version, is_reset: false }),
    onSuccess: onChanged,
  });
  return (
    <>
      <Button
        title={isRunning ? text("programs.pauseHint") : undefined}
        busy={change.isPending}
        onClick={() => change.mutate()}
      >
        {text(isRunning ? "programs.pause" : "programs.continue")}
      </Button>
      {change.error ? <ErrorNote error={change.error} /> : null}
    </>
  );
}
