import { useText } from "@/i18n";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorNote } from "./states";

interface ConfirmProps {
  title: string;
  question: string;
  /** What the button says that does it. */
  action: string;
  open: boolean;
  busy?: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is done that cannot be undone. */
export function Confirm(props: ConfirmProps) {
  const text = useText();
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <div className="grid gap-4">
        <p className="m-0">{props.question}</p>
        {props.error ? <ErrorNote error={props.error} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>{text("common.cancel")}</Button>
          <Button kind="danger" busy={props.busy} onClick={props.onConfirm}>
            {props.action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
