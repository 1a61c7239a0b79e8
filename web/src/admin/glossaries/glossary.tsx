import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate, useParams } from "@tanstack/react-router";
import { useContext, useState } from "react";
import { glossaries, usePermissions } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import {
  Button,
  Confirm,
  Dialog,
  DialogForm,
  EmptyState,
  ErrorNote,
  Field,
  Icon,
  PageHead,
  Skeleton,
} from "@/kit";
import { Editor } from "./editor";
import { NewPair, pairName, samePair } from "./pair";
import {
  deleteGlossary,
  entries,
  type Glossary,
  glossary,
  type Pair,
  renameGlossary,
} from "./queries";
import { Transfer } from "./transfer";

/** One glossary: its directions, and the entries of one of them as a table. */
export function GlossaryPage() {
  const text = useText();
  const { glossaryId } = useParams({ strict: false });
  const found = useQuery(glossary(glossaryId ?? ""));
  const back = { to: "/admin/glossaries", name: text("nav.glossaries") };
  if (found.data) return <Shown key={found.data.glossary_id} glossary={found.data} back={back} />;
  return (
    <>
      <PageHead title={found.error ? text("nav.glossaries") : "…"} back={back} />
      {found.error ? (
        <ErrorNote error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Skeleton className="h-96 w-full" />
      )}
    </>
  );
}

interface ShownProps {
  glossary: Glossary;
  back: { to: string; name: string };
}

function Shown({ glossary, back }: ShownProps) {
  const text = useText();
  const queries = useQueryClient();
  const mayWrite = usePermissions().includes("glossaries:write");
  const [added, setAdded] = useState<Pair[]>([]);
  const [chosen, setChosen] = useState<Pair | null>(null);
  const [wanted, setWanted] = useState<Pair | null>(null);
  const [adding, setAdding] = useState(false);
  const [isDirty, setDirty] = useState(false);
  const [version, setVersion] = useState(0);
  const kept = glossary.dictionaries.map((each) => ({
    source: each.source_lang,
    target: each.target_lang,
  }));
  const isKept = (pair: Pair) => kept.some((each) => samePair(each, pair));
  const pairs = [...kept, ...added.filter((each) => !isKept(each))];
  const pair = pairs.find((each) => samePair(chosen, each)) ?? pairs[0] ?? null;
  const open = (next: Pair) => {
    setWanted(null);
    setDirty(false);
    setChosen(next);
  };
  const changed = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["glossary", glossary.glossary_id], exact: true }),
      queries.invalidateQueries({ queryKey: glossaries.queryKey }),
    ]);
  const imported = async (into: Pair) => {
    queries.removeQueries({ queryKey: entries(glossary.glossary_id, into).queryKey });
    await changed();
    setDirty(false);
    setVersion(version + 1);
  };
  return (
    <>
      <PageHead title={glossary.name} back={back}>
        {mayWrite ? <Manage glossary={glossary} onLeave={() => setDirty(false)} /> : null}
      </PageHead>
      <Directions
        pairs={pairs}
        pair={pair}
        onChoose={(next) => (isDirty ? setWanted(next) : open(next))}
        onAdd={mayWrite ? () => setAdding(true) : undefined}
      />
      {pair ? (
        <>
          <Transfer
            glossary={glossary}
            pair={pair}
            isKept={isKept(pair)}
            mayWrite={mayWrite}
            onImported={() => imported(pair)}
          />
          <Editor
            key={`${pair.source} ${pair.target} ${version}`}
            glossaryId={glossary.glossary_id}
            pair={pair}
            isKept={isKept(pair)}
            mayWrite={mayWrite}
            onDirty={setDirty}
            onSaved={changed}
          />
        </>
      ) : (
        <EmptyState title={text("glossaries.empty")}>
          {mayWrite ? (
            <Button kind="primary" onClick={() => setAdding(true)}>
              {text("glossaries.addDirection")}
            </Button>
          ) : null}
        </EmptyState>
      )}
      <Dialog
        title={text("glossaries.addDirection")}
        open={adding}
        onClose={() => setAdding(false)}
      >
        <NewPair
          onClose={() => setAdding(false)}
          onChoose={(next) => {
            setAdding(false);
            setAdded([...added, next]);
            if (isDirty) setWanted(next);
            else open(next);
          }}
        />
      </Dialog>
      <Confirm
        title={text("glossaries.discard")}
        question={text("glossaries.discardAsk")}
        action={text("glossaries.discard")}
        open={wanted !== null}
        onConfirm={() => (wanted ? open(wanted) : undefined)}
        onClose={() => setWanted(null)}
      />
      <Leaving isDirty={isDirty} />
    </>
  );
}

/** Asks before somebody leaves the page with changes that are not saved. */
function Leaving({ isDirty }: { isDirty: boolean }) {
  const text = useText();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Confirm
      title={text("glossaries.discard")}
      question={text("glossaries.discardAsk")}
      action={text("glossaries.discard")}
      open={status === "blocked"}
      onConfirm={() => proceed?.()}
      onClose={() => reset?.()}
    />
  );
}

interface DirectionsProps {
  pairs: Pair[];
  pair: Pair | null;
  onChoose: (pair: Pair) => void;
  onAdd?: () => void;
}

function Directions({ pairs, pair, onChoose, onAdd }: DirectionsProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  return (
    <fieldset className="m-0 flex flex-wrap gap-2 border-0 p-0">
      <legend className="sr-only">{text("glossaries.directions")}</legend>
      {pairs.map((each) => (
        <button
          type="button"
          key={`${each.source} ${each.target}`}
          aria-pressed={samePair(pair, each)}
          onClick={() => onChoose(each)}
          className="min-h-9 rounded-full border border-line bg-surface px-3.5 hover:border-line-strong aria-pressed:border-transparent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent-strong"
        >
          {pairName(each, locale)}
        </button>
      ))}
      {onAdd && pairs.length > 0 ? (
        <Button kind="quiet" className="rounded-full" onClick={onAdd}>
          <Icon name="plus" size={18} />
          {text("glossaries.addDirection")}
        </Button>
      ) : null}
    </fieldset>
  );
}

function Manage({ glossary, onLeave }: { glossary: Glossary; onLeave: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [renaming, setRenaming] = useState(false);
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteGlossary(glossary.glossary_id),
    onSuccess: async () => {
      onLeave();
      await queries.invalidateQueries({ queryKey: glossaries.queryKey });
      await navigate({ to: "/admin/glossaries", ignoreBlocker: true });
    },
  });
  return (
    <>
      <Button onClick={() => setRenaming(true)}>{text("glossaries.rename")}</Button>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {text("common.delete")}
      </Button>
      <Dialog title={text("glossaries.rename")} open={renaming} onClose={() => setRenaming(false)}>
        <Rename glossary={glossary} onClose={() => setRenaming(false)} />
      </Dialog>
      <Confirm
        title={text("glossaries.delete")}
        question={text("glossaries.deleteAsk", { name: glossary.name })}
        action={text("common.delete")}
        open={asking}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}

function Rename({ glossary, onClose }: { glossary: Glossary; onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const [name, setName] = useState(glossary.name);
  const rename = useMutation({
    mutationFn: () => renameGlossary(glossary.glossary_id, name.trim()),
    onSuccess: async (renamed) => {
      queries.setQueryData(["glossary", glossary.glossary_id], renamed);
      await queries.invalidateQueries({ queryKey: glossaries.queryKey });
      onClose();
    },
  });
  return (
    <DialogForm
      action={text("common.save")}
      busy={rename.isPending}
      error={rename.error}
      disabled={!name.trim()}
      onSubmit={() => rename.mutate()}
      onClose={onClose}
    >
      <Field
        label={text("keys.name")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </DialogForm>
  );
}
