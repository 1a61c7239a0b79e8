import type { ReactNode } from "react";
import { useText } from "@/i18n";
import { Button } from "./button";
import { ErrorNote } from "./states";

interface DialogFormProps {
  /** What the button says that sends it. */
  action: string;
  busy?: boolean;
  error?: unknown;
  disabled?: boolean;
  kind?: "primary" | "danger";
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** The fields of a dialog, with a button to send them and one to leave. */
export function DialogForm(props: DialogFormProps) {
  const text = useText();
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      {props.children}
      {props.error ? <ErrorNote error={props.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={props.onClose}>{text("common.cancel")}</Button>
        <Button
          kind={props.kind ?? "primary"}
          type="submit"
          busy={props.busy}
          disabled={props.disabled}
        >
          {props.action}
        </Button>
      </div>
    </form>
  );
}
