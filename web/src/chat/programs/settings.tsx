import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useText } from "@/i18n";
import { Button, Confirm, ErrorNote, Field } from "@/kit";
import { changeProgram, deleteProgram, type Program } from "./queries";
import { Rights } from "./rights";

interface SettingsProps {
  program: Program;
  onChanged: (program: Program) => void;
  onDeleted: () => void;
}

/** What a program is called and may do, and its end. */
export function Settings({ program, onChanged, onDeleted }: SettingsProps) {
  const text = useText();
  const [name, setName] = useState(program.name);
  const [allowed, setAllowed] = useState(program.allowed);
  const [isDeleting, setDeleting] = useState(false);
  const change = useMutation({
    mutationFn: () => changeProgram(program.id, { name: name.trim(), allowed }),
    onSuccess: onChanged,
  });
  const remove = useMutation({ mutationFn: () => deleteProgram(program.id), onSuccess: onDeleted });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const isSame =
    name.trim() === program.name &&
    [...allowed].sort().join() === [...program.allowed].sort().join();
  return (
    <div className="grid gap-4">
      <form onSubmit={submit} className="grid gap-3">
        <Field
          label={text("keys.name")}
          maxLength={80}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Rights allowed={allowed} onChange={setAllowed} />
        {change.error ? <ErrorNote error={change.error} /> : null}
        <div className="flex items-center justify-end gap-2">
          <p role="status" className="m-0 grow text-sm text-ink-soft">
            {change.isSuccess && isSame ? text("common.saved") : null}
          </p>
          <Button
            type="submit"
            kind="primary"
            busy={change.isPending}
            disabled={isSame || !name.trim()}
          >
            {text("common.save")}
          </Button>
        </div>
      </form>
      <div className="border-t border-line pt-4">
        <Button kind="danger" onClick={() => setDeleting(true)}>
          {text("programs.delete")}
        </Button>
      </div>
      <Confirm
        title={text("programs.delete")}
        question={text("programs.deleteAsk", { name: program.name })}
        action={text("common.delete")}
        open={isDeleting}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setDeleting(false)}
      />
    </div>
  );
}
