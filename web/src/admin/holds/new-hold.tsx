import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { findPeople } from "@/admin/groups/queries";
import { api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Button, Check, DialogForm, Field } from "@/kit";
import { Finder, type Found } from "@/kit/finder";

const KINDS = ["person", "room", "all"] as const;
type Kind = (typeof KINDS)[number];
const ROOM_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

/** Say what must not be destroyed, and why. */
export function NewHold({ onPlaced, onClose }: { onPlaced: () => void; onClose: () => void }) {
  const text = useText();
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [kind, setKind] = useState<Kind>("person");
  const [person, setPerson] = useState<Found | null>(null);
  const [link, setLink] = useState("");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const room = ROOM_ID.exec(link)?.[0] ?? null;
  const place = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/chat/holds", {
          body: {
            name,
            reason,
            person_id: kind === "person" ? (person?.id ?? null) : null,
            room_id: kind === "room" ? room : null,
            from_at: from ? new Date(`${from}T00:00`).toISOString() : null,
            until_at: until ? new Date(`${until}T00:00`).toISOString() : null,
          },
        }),
      ),
    onSuccess: onPlaced,
  });
  const isKnown = kind === "all" || (kind === "person" ? person !== null : room !== null);
  return (
    <DialogForm
      action={text("holds.place")}
      busy={place.isPending}
      error={place.error}
      disabled={!name.trim() || !reason.trim() || !isKnown}
      onSubmit={() => place.mutate()}
      onClose={onClose}
    >
      <Field
        label={text("keys.name")}
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={text("holds.reason")}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <fieldset className="m-0 grid border-0 p-0">
        <legend className="p-0 font-medium">{text("holds.what")}</legend>
        {KINDS.map((each) => (
          <Check
            key={each}
            kind="radio"
            name="kind"
            label={text(`holds.kind.${each}`)}
            checked={kind === each}
            onChange={() => setKind(each)}
          />
        ))}
      </fieldset>
      {kind === "person" ? (
        person ? (
          <p className="m-0 flex items-center gap-2">
            <span className="grow">{person.name}</span>
            <Button onClick={() => setPerson(null)}>{text("common.remove")}</Button>
          </p>
        ) : (
          <Finder
            label={text("chat.findPeople")}
            action={text("holds.choose")}
            queryKey="hold-people"
            search={findPeople}
            onChoose={setPerson}
          />
        )
      ) : null}
      {kind === "room" ? (
        <Field
          label={text("holds.roomLink")}
          hint={text("holds.roomLinkHint")}
          value={link}
          onChange={(event) => setLink(event.target.value)}
        />
      ) : null}
      <div className="grid gap-3 md:grid-cols-2">
        <Field
          label={text("holds.from")}
          type="date"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
        <Field
          label={text("holds.until")}
          type="date"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </div>
    </DialogForm>
  );
}
