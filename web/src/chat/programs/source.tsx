import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useText } from "@/i18n";
import { Button, Check, ErrorNote, Field } from "@/kit";
import { Language, type Written } from "./language";
import { addVersion, type Program, tryProgram } from "./queries";
import { SourceField } from "./source-field";
import { Trial } from "./trial";

const EVENTS_MAX = 200;
const EVENTS = 50;

interface SourceProps {
  program: Program;
  written: Written;
  isChanged: boolean;
  onChange: (written: Written) => void;
  onDiscard: () => void;
  onSaved: (program: Program) => void;
}

/** A program's source, to be changed, tried and saved as another version. */
export function Source(props: SourceProps) {
  const { program, written, isChanged } = props;
  const text = useText();
  const [isReset, setReset] = useState(false);
  const [events, setEvents] = useState(String(EVENTS));
  const save = useMutation({
    mutationFn: () => addVersion(program.id, { ...written, is_reset: isReset }),
    onSuccess: (saved) => {
      setReset(false);
      props.onSaved(saved);
    },
  });
  const trial = useMutation({
    mutationFn: () => tryProgram(program.id, { ...written, events: Number(events) }),
  });
  const change = (next: Written) => {
    if (save.error) save.reset();
    props.onChange(next);
  };
  const tryIt = (event: FormEvent) => {
    event.preventDefault();
    trial.mutate();
  };
  return (
    <div className="grid gap-4">
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Language
          value={written.language}
          onChange={(language) => change({ ...written, language })}
        />
        <SourceField value={written.source} onChange={(source) => change({ ...written, source })} />
        <Check
          label={text("programs.reset")}
          hint={text("programs.resetHint")}
          checked={isReset}
          onChange={(event) => setReset(event.target.checked)}
        />
        {save.error ? <ErrorNote error={save.error} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2">
          <p role="status" className="m-0 grow text-sm text-ink-soft">
            {save.data && !isChanged
              ? text("programs.savedAs", { number: save.data.version })
              : null}
          </p>
          {isChanged ? <Button onClick={props.onDiscard}>{text("programs.discard")}</Button> : null}
          <Button type="submit" kind="primary" busy={save.isPending} disabled={!isChanged}>
            {text("programs.save")}
          </Button>
        </div>
      </form>
      <form onSubmit={tryIt} className="grid gap-3 border-t border-line pt-4">
        <Field
          label={text("programs.tryEvents")}
          hint={text("programs.tryHint")}
          type="number"
          min={1}
          max={EVENTS_MAX}
          step={1}
          required
          value={events}
          onChange={(event) => setEvents(event.target.value)}
        />
        <div>
          <Button type="submit" busy={trial.isPending}>
            {text("programs.try")}
          </Button>
        </div>
        {trial.error ? <ErrorNote error={trial.error} /> : null}
      </form>
      {trial.data && !trial.isPending ? <Trial tried={trial.data} /> : null}
    </div>
  );
}
