import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "@/i18n";
import { Check, DialogForm, ErrorNote, Field, Skeleton } from "@/kit";
import { eventTypes } from "./queries";

export interface WebhookFields {
  url: string;
  description: string;
  /** Empty: all. */
  event_types: string[];
}

interface WebhookFormProps {
  before: WebhookFields;
  action: string;
  busy: boolean;
  error: unknown;
  onSubmit: (fields: WebhookFields) => void;
  onClose: () => void;
}

/** Where events go, and which. */
export function WebhookForm({ before, action, busy, error, onSubmit, onClose }: WebhookFormProps) {
  const text = useText();
  const types = useQuery(eventTypes);
  const [url, setUrl] = useState(before.url);
  const [description, setDescription] = useState(before.description);
  const [isAll, setAll] = useState(before.event_types.length === 0);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(before.event_types));
  const toggle = (type: string, isOn: boolean) => {
    const next = new Set(chosen);
    if (isOn) next.add(type);
    else next.delete(type);
    setChosen(next);
  };
  const submit = () => {
    onSubmit({ url: url.trim(), description, event_types: isAll ? [] : [...chosen].sort() });
  };
  return (
    <DialogForm
      action={action}
      busy={busy}
      error={error}
      disabled={!url.trim() || (!isAll && chosen.size === 0)}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={text("webhooks.url")}
        type="url"
        required
        maxLength={2000}
        placeholder="https://example.org/hanse"
        value={url}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Field
        label={text("webhooks.description")}
        maxLength={500}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <fieldset className="m-0 border-0 p-0">
        <legend className="font-medium">{text("webhooks.events")}</legend>
        <Check
          kind="radio"
          name="which"
          label={text("webhooks.all")}
          checked={isAll}
          onChange={() => setAll(true)}
        />
        <Check
          kind="radio"
          name="which"
          label={text("webhooks.some")}
          checked={!isAll}
          onChange={() => setAll(false)}
        />
      </fieldset>
      {isAll ? null : (
        <fieldset className="m-0 max-h-60 overflow-auto rounded-lg border border-line px-3 py-1">
          <legend className="sr-only">{text("webhooks.some")}</legend>
          {types.isPending ? <Skeleton className="h-24 w-full" /> : null}
          {types.error ? (
            <ErrorNote error={types.error} retry={() => void types.refetch()} />
          ) : null}
          {types.data?.map((each) => (
            <Check
              key={each.type}
              label={each.type}
              hint={each.description}
              checked={chosen.has(each.type)}
              onChange={(event) => toggle(each.type, event.target.checked)}
            />
          ))}
        </fieldset>
      )}
    </DialogForm>
  );
}
