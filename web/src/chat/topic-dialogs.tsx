import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useText } from "@/i18n";
import { Check, Dialog, DialogForm, Field } from "@/kit";
import type { Message } from "./model";
import { topicList } from "./queries";
import { useTopicChange } from "./topic-change";

const NAME_CHARACTERS_MAX = 100;

interface NameProps {
  room: string;
  /** The topic from which messages move, which is not offered. */
  from: string | null;
  value: string;
  onChange: (name: string) => void;
}

/** The name of a topic, one of the room's or another. */
function NameField({ room, from, value, onChange }: NameProps) {
  const text = useText();
  const id = useId();
  const { data: topics = [] } = useQuery(topicList(room));
  const others = topics.filter((each) => each.name !== from);
  const isThere = others.some((each) => each.name === value.trim());
  return (
    <>
      <Field
        label={text("chat.topic")}
        hint={isThere ? text("chat.topic.joins") : undefined}
        list={id}
        maxLength={NAME_CHARACTERS_MAX}
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={id}>
        {others.map((each) => (
          <option key={each.name} value={each.name} />
        ))}
      </datalist>
    </>
  );
}

interface RenameTopicProps {
  room: string;
  name: string;
  onClose: () => void;
}

/** Another name for a topic, and with it for all its messages. */
export function RenameTopic({ room, name, onClose }: RenameTopicProps) {
  const text = useText();
  const change = useTopicChange(room);
  const [typed, setTyped] = useState(name);
  const topic = typed.trim();
  return (
    <Dialog title={text("chat.topic.rename")} open onClose={onClose}>
      <DialogForm
        action={text("common.save")}
        busy={change.isPending}
        error={change.error}
        disabled={!topic || topic === name}
        onSubmit={() => change.mutate({ from_topic: name, topic }, { onSuccess: onClose })}
        onClose={onClose}
      >
        <NameField room={room} from={name} value={typed} onChange={setTyped} />
      </DialogForm>
    </Dialog>
  );
}

interface MoveMessageProps {
  room: string;
  message: Message;
  mayMoveLater: boolean;
  onClose: () => void;
}

/** Another topic for a message, or for it and those that follow it in its topic. */
export default function MoveMessage({ room, message, mayMoveLater, onClose }: MoveMessageProps) {
  const text = useText();
  const change = useTopicChange(room);
  const [typed, setTyped] = useState("");
  const [isWithLater, setWithLater] = useState(false);
  const { number } = message;
  const from = message.topic ?? null;
  const topic = typed.trim();
  const moved = isWithLater ? { from_topic: from, since: number } : { target: number };
  return (
    <Dialog title={text("chat.topic.move")} open onClose={onClose}>
      <DialogForm
        action={text("chat.topic.moveNow")}
        busy={change.isPending}
        error={change.error}
        disabled={!topic || topic === from}
        onSubmit={() => change.mutate({ ...moved, topic }, { onSuccess: onClose })}
        onClose={onClose}
      >
        <NameField room={room} from={from} value={typed} onChange={setTyped} />
        {mayMoveLater && from !== null ? (
          <fieldset className="m-0 grid border-0 p-0">
            <legend className="p-0 font-medium">{text("chat.topic.what")}</legend>
            {[false, true].map((each) => (
              <Check
                key={String(each)}
                kind="radio"
                name="moved"
                label={text(each ? "chat.topic.later" : "chat.topic.one")}
                checked={isWithLater === each}
                onChange={() => setWithLater(each)}
              />
            ))}
          </fieldset>
        ) : null}
      </DialogForm>
    </Dialog>
  );
}
