import { useState } from "react";
import { useText } from "@/i18n";
import { DialogForm, Field } from "@/kit";

interface GroupFormProps {
  name?: string;
  description?: string;
  action: string;
  busy: boolean;
  error: unknown;
  onSubmit: (group: { name: string; description: string }) => void;
  onClose: () => void;
}

/** What a group is called, and what it is for. */
export function GroupForm(props: GroupFormProps) {
  const text = useText();
  const [name, setName] = useState(props.name ?? "");
  const [description, setDescription] = useState(props.description ?? "");
  return (
    <DialogForm
      action={props.action}
      busy={props.busy}
      error={props.error}
      disabled={!name.trim()}
      onSubmit={() => props.onSubmit({ name: name.trim(), description })}
      onClose={props.onClose}
    >
      <Field
        label={text("keys.name")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={text("groups.description")}
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
    </DialogForm>
  );
}
