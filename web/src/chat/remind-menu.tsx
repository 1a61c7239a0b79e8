import { useState } from "react";
import { useText } from "@/i18n";
import { Dialog, DialogForm, Field, Icon, MenuItem } from "@/kit";
import { forField, type Preset, timeOf } from "./reminders";

const PRESETS: Preset[] = ["soon", "later", "tomorrow", "week"];

interface RemindItemsProps {
  onChoose: (at: Date) => void;
  onOther: () => void;
}

/** The usual times to be reminded, as items of a menu. */
export function RemindItems({ onChoose, onOther }: RemindItemsProps) {
  const text = useText();
  return (
    <>
      {PRESETS.map((each) => (
        <MenuItem key={each} onClick={() => onChoose(timeOf(each, new Date()))}>
          <Icon name="bell" size={18} />
          {text(`chat.remind.${each}`)}
        </MenuItem>
      ))}
      <MenuItem onClick={onOther}>
        <Icon name="calendar" size={18} />
        {text("chat.remind.other")}
      </MenuItem>
    </>
  );
}

interface RemindAtProps {
  busy: boolean;
  error: unknown;
  onChoose: (at: Date) => void;
  onClose: () => void;
}

/** Any time to be reminded. */
export function RemindAt({ busy, error, onChoose, onClose }: RemindAtProps) {
  const text = useText();
  const [at, setAt] = useState(() => forField(timeOf("tomorrow", new Date())));
  return (
    <Dialog title={text("chat.remind.other")} open onClose={onClose}>
      <DialogForm
        action={text("chat.remind.set")}
        busy={busy}
        error={error}
        disabled={!at}
        onSubmit={() => onChoose(new Date(at))}
        onClose={onClose}
      >
        <Field
          label={text("chat.remind.at")}
          type="datetime-local"
          required
          value={at}
          min={forField(new Date())}
          onChange={(event) => setAt(event.target.value)}
        />
      </DialogForm>
    </Dialog>
  );
}
