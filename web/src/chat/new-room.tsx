import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { findPeople } from "@/admin/groups/queries";
import { api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Check, Dialog, DialogForm, Field } from "@/kit";
import { Finder, type Found } from "@/kit/finder";
import type { Chat } from "./chat";

interface NewProps {
  chat: Chat;
  onClose: () => void;
}

function useMake(chat: Chat, onClose: () => void) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (body: {
      kind: "channel" | "direct";
      name?: string;
      description?: string;
      is_public?: boolean;
      member_ids?: string[];
    }) => unwrap(api.POST("/v1/rooms", { body: { description: "", is_public: false, ...body } })),
    onSuccess: async (room) => {
      await chat.refresh(room.id);
      onClose();
      await navigate({ to: "/chat/$roomId", params: { roomId: room.id } });
    },
  });
}

/** Make a channel. */
export function NewChannel({ chat, onClose }: NewProps) {
  const text = useText();
  const make = useMake(chat, onClose);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [isPublic, setPublic] = useState(true);
  const [people, setPeople] = useState<Found[]>([]);
  return (
    <Dialog title={text("chat.newChannel")} open onClose={onClose}>
      <DialogForm
        action={text("chat.newChannel")}
        busy={make.isPending}
        error={make.error}
        disabled={!name.trim()}
        onSubmit={() =>
          make.mutate({
            kind: "channel",
            name: name.trim(),
            description,
            is_public: isPublic,
            member_ids: people.map((each) => each.id),
          })
        }
        onClose={onClose}
      >
        <Field
          label={text("keys.name")}
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={text("chat.description")}
          maxLength={2000}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <Check
          label={text("chat.public")}
          hint={text("chat.publicHint")}
          checked={isPublic}
          onChange={(event) => setPublic(event.target.checked)}
        />
        <People people={people} onChange={setPeople} />
      </DialogForm>
    </Dialog>
  );
}

/** Begin a conversation with one person or a few. */
export function NewDirect({ chat, onClose }: NewProps) {
  const text = useText();
  const make = useMake(chat, onClose);
  const [people, setPeople] = useState<Found[]>([]);
  return (
    <Dialog title={text("chat.newDirect")} open onClose={onClose}>
      <DialogForm
        action={text("chat.begin")}
        busy={make.isPending}
        error={make.error}
        disabled={people.length === 0}
        onSubmit={() => make.mutate({ kind: "direct", member_ids: people.map((each) => each.id) })}
        onClose={onClose}
      >
        <People people={people} onChange={setPeople} />
      </DialogForm>
    </Dialog>
  );
}

function People({ people, onChange }: { people: Found[]; onChange: (people: Found[]) => void }) {
  const text = useText();
  return (
    <div className="grid gap-2">
      <ul className="m-0 flex list-none flex-wrap gap-1 p-0 empty:hidden">
        {people.map((each) => (
          <li key={each.id}>
            <button
              type="button"
              aria-label={`${text("common.remove")} ${each.name}`}
              onClick={() => onChange(people.filter((other) => other.id !== each.id))}
              className="min-h-8 rounded-full bg-accent-soft px-3 text-accent-strong"
            >
              {each.name} <span aria-hidden="true">×</span>
            </button>
          </li>
        ))}
      </ul>
      <Finder
        label={text("chat.findPeople")}
        action={text("common.add")}
        queryKey="chat-people"
        search={async (query) => {
          const found = await findPeople(query);
          return found.filter((each) => !people.some((other) => other.id === each.id));
        }}
        onChoose={(each) => onChange([...people, each])}
      />
    </div>
  );
}
