import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Translate, useText } from "@/i18n";
import { DialogForm, ErrorNote, Field, Select, Skeleton } from "@/kit";
import { Language, type LanguageName } from "./language";
import { attach, type Program, templateList } from "./queries";
import { Rights } from "./rights";
import { SourceField } from "./source-field";

const OWN = "";
const KNOWN = ["poll", "standup", "on_call", "expenses", "glossary"] as const;

interface NewProgramProps {
  room: string;
  onAdded: (program: Program) => void;
  onClose: () => void;
}

/** Put a program into a room, from a template or from one's own source. */
export function NewProgram({ room, onAdded, onClose }: NewProgramProps) {
  const text = useText();
  const templates = useQuery(templateList);
  const [chosen, setChosen] = useState<string | null>(null);
  const [language, setLanguage] = useState<LanguageName>("javascript");
  const [named, setNamed] = useState<string | null>(null);
  const [written, setWritten] = useState<string | null>(null);
  const [granted, setGranted] = useState<string[] | null>(null);
  const add = useMutation({
    mutationFn: (body: Parameters<typeof attach>[1]) => attach(room, body),
    onSuccess: onAdded,
  });
  if (templates.error) {
    return <ErrorNote error={templates.error} retry={() => void templates.refetch()} />;
  }
  if (!templates.data) return <Skeleton className="h-40 w-full" />;
  const offered = templates.data.filter((each) => each.language === language);
  const begin = chosen ?? offered[0]?.name ?? OWN;
  const isOwn = begin === OWN;
  const allowed = granted ?? templates.data.find((each) => each.name === begin)?.allowed ?? [];
  const name = named ?? (isOwn ? "" : titleOf(begin, text));
  const source = written ?? "";
  const hint = hintOf(begin, text);
  const choose = (next: string) => {
    // One's own begins with what was chosen before.
    if (next === OWN && written === null) {
      setWritten(offered.find((each) => each.name === begin)?.source ?? "");
    }
    setChosen(next);
  };
  return (
    <DialogForm
      action={text("programs.addNow")}
      busy={add.isPending}
      error={add.error}
      disabled={!name.trim() || (isOwn && !source.trim())}
      onSubmit={() =>
        add.mutate({
          name: name.trim(),
          language,
          allowed,
          ...(isOwn ? { source } : { template: begin }),
        })
      }
      onClose={onClose}
    >
      <Language
        value={language}
        onChange={(next) => {
          setLanguage(next);
          // Not every template is there in every language.
          if (begin !== OWN) setChosen(null);
        }}
      />
      <div className="grid gap-1">
        <span className="font-medium">{text("programs.begin")}</span>
        <div>
          <Select
            label={text("programs.begin")}
            value={begin}
            options={[
              ...offered.map((each) => ({
                value: each.name,
                label: titleOf(each.name, text),
              })),
              { value: OWN, label: text("programs.own") },
            ]}
            onChange={choose}
          />
        </div>
        {hint ? <p className="m-0 text-sm text-ink-soft">{hint}</p> : null}
      </div>
      <Field
        label={text("keys.name")}
        maxLength={80}
        required
        value={name}
        onChange={(event) => setNamed(event.target.value)}
      />
      {isOwn ? <SourceField value={source} onChange={setWritten} /> : null}
      <Rights allowed={allowed} onChange={setGranted} />
    </DialogForm>
  );
}

function titleOf(template: string, text: Translate): string {
  const known = KNOWN.find((each) => each === template);
  return known ? text(`programs.template.${known}`) : template;
}

function hintOf(template: string, text: Translate): string | null {
  const known = KNOWN.find((each) => each === template);
  return known ? text(`programs.template.${known}.hint`) : null;
}
