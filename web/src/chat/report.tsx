import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Check, Dialog, DialogForm, Field } from "@/kit";
import type { Message } from "./model";

export const REASONS = ["spam", "harassment", "hate", "private", "other"] as const;
type Reason = Schema["MessageReport"]["reason"];

interface ReportMessageProps {
  room: string;
  message: Message;
  onDone: () => void;
  onClose: () => void;
}

/** Say what is wrong with a message, to those who moderate the room. */
export function ReportMessage({ room, message, onDone, onClose }: ReportMessageProps) {
  const text = useText();
  const [reason, setReason] = useState<Reason | null>(null);
  const [note, setNote] = useState("");
  const report = useMutation({
    mutationFn: (body: { reason: Reason; note: string }) =>
      unwrap(
        api.POST("/v1/rooms/{room_id}/messages/{number}/reports", {
          params: { path: { room_id: room, number: message.number } },
          body,
        }),
      ),
    onSuccess: onDone,
  });
  return (
    <Dialog title={text("reports.report")} open onClose={onClose}>
      <DialogForm
        action={text("reports.send")}
        busy={report.isPending}
        error={report.error}
        disabled={!reason}
        onSubmit={() => reason && report.mutate({ reason, note })}
        onClose={onClose}
      >
        <p className="m-0 text-ink-soft">{text("reports.about")}</p>
        <fieldset className="m-0 grid border-0 p-0">
          <legend className="p-0 font-medium">{text("reports.why")}</legend>
          {REASONS.map((each) => (
            <Check
              key={each}
              kind="radio"
              name="reason"
              label={text(`reports.reason.${each}`)}
              checked={reason === each}
              onChange={() => setReason(each)}
            />
          ))}
        </fieldset>
        <Field
          label={text("reports.note")}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </DialogForm>
    </Dialog>
  );
}
