import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { apiKeys, usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Check, DialogForm, Field } from "@/kit";
import { PermissionChoice } from "../permission-choice";
import { endOfDay, type Purpose, purposesOf, scopesFor } from "./scopes";

/** Make a key: what for, until when and how fast; then show it, once. */
export function NewKey({ onClose }: { onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const own = usePermissions();
  const [name, setName] = useState("");
  const [purpose, setPurpose] = useState<Purpose>("translate");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [lastDay, setLastDay] = useState("");
  const [perMinute, setPerMinute] = useState("");
  const scopes = scopesFor(purpose, own, chosen);
  const make = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/api-keys", {
          body: {
            name: name.trim(),
            scopes,
            expires_at: endOfDay(lastDay),
            requests_per_minute: perMinute ? Number(perMinute) : null,
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: apiKeys.queryKey }),
  });
  if (make.data) return <Secret secret={make.data.secret ?? ""} onClose={onClose} />;
  return (
    <DialogForm
      action={text("keys.make")}
      busy={make.isPending}
      error={make.error}
      disabled={!name.trim() || scopes?.length === 0}
      onSubmit={() => make.mutate()}
      onClose={onClose}
    >
      <Field
        label={text("keys.name")}
        hint={text("keys.nameHint")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="m-0 border-0 p-0">
        <legend className="p-0 font-medium">{text("keys.purpose")}</legend>
        {purposesOf(own).map((each) => (
          <Check
            key={each}
            kind="radio"
            name="purpose"
            label={text(`keys.purpose.${each}`)}
            hint={text(`keys.purposeHint.${each}`)}
            checked={purpose === each}
            onChange={() => setPurpose(each)}
          />
        ))}
      </fieldset>
      {purpose === "choice" ? (
        <PermissionChoice
          label={text("keys.purpose.choice")}
          offered={[...own].sort()}
          chosen={chosen}
          onChange={setChosen}
        />
      ) : null}
      <div className="grid gap-3 sm:grid-cols-2">
        <Field
          label={text("keys.lastDay")}
          hint={text("keys.lastDayHint")}
          type="date"
          value={lastDay}
          onChange={(event) => setLastDay(event.target.value)}
        />
        <Field
          label={text("keys.perMinute")}
          hint={text("keys.perMinuteHint")}
          type="number"
          min={1}
          max={1_000_000}
          value={perMinute}
          onChange={(event) => setPerMinute(event.target.value)}
        />
      </div>
    </DialogForm>
  );
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const text = useText();
  const [copied, setCopied] = useState(false);
  const example = `curl ${window.location.origin}/v2/translate -H "Authorization: DeepL-Auth-Key ${secret}" --json '{"text":["Good morning!"],"target_lang":"PT-BR"}'`;
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    setCopied(true);
  };
  return (
    <div className="grid gap-4">
      <p className="m-0">{text("keys.once")}</p>
      <code className="block rounded-lg bg-sunken px-3 py-2 break-all">{secret}</code>
      <p className="m-0 text-ink-soft">{text("keys.try")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable */}
      <pre tabIndex={0} className="m-0 overflow-x-auto rounded-lg bg-sunken px-3 py-2 text-sm">
        {example}
      </pre>
      <div className="flex justify-end gap-2">
        <Button onClick={() => void copy()}>
          {text(copied ? "common.copied" : "common.copy")}
        </Button>
        <Button kind="primary" onClick={onClose}>
          {text("common.close")}
        </Button>
      </div>
    </div>
  );
}
