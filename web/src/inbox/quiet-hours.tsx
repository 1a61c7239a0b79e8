import { type FormEvent, useState } from "react";
import { useText } from "@/i18n";
import { Button, Card, Check, Field, Select } from "@/kit";
import type { PreferenceChanges, Preferences } from "./model";

const NIGHT = { start: "22:00", end: "07:00" };
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface QuietHoursProps {
  preferences: Preferences;
  isSaved: boolean;
  onChange: (changes: PreferenceChanges) => void;
}

/** When nothing is sent, and when the daily letter comes. */
export function QuietHours({ preferences, isSaved, onChange }: QuietHoursProps) {
  const text = useText();
  const [isOn, setOn] = useState(preferences.quiet_hours !== null);
  const [start, setStart] = useState(preferences.quiet_hours?.start ?? NIGHT.start);
  const [end, setEnd] = useState(preferences.quiet_hours?.end ?? NIGHT.end);
  const [hour, setHour] = useState(String(preferences.daily_hour));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange({ quiet_hours: isOn ? { start, end } : null, daily_hour: Number(hour) });
  };
  return (
    <Card title={text("inbox.when")} about={text("inbox.zone", { zone: preferences.time_zone })}>
      <form onSubmit={submit} className="grid gap-4">
        <Check
          label={text("inbox.quiet")}
          hint={text("inbox.quietHint")}
          checked={isOn}
          onChange={(event) => setOn(event.target.checked)}
        />
        {isOn ? (
          <div className="grid grid-cols-2 gap-3">
            <Field
              label={text("inbox.from")}
              type="time"
              required
              value={start}
              onChange={(event) => setStart(event.target.value)}
            />
            <Field
              label={text("inbox.until")}
              type="time"
              required
              value={end}
              onChange={(event) => setEnd(event.target.value)}
            />
          </div>
        ) : null}
        <div className="grid gap-1">
          <span className="font-medium">{text("inbox.daily")}</span>
          <div>
            <Select
              label={text("inbox.daily")}
              value={hour}
              onChange={setHour}
              options={HOURS.map((each) => ({
                value: String(each),
                label: `${String(each).padStart(2, "0")}:00`,
              }))}
            />
          </div>
        </div>
        <div className="flex items-center justify-end gap-3">
          <span role="status" className="text-good">
            {isSaved ? text("common.saved") : ""}
          </span>
          <Button kind="primary" type="submit" disabled={isOn && start === end}>
            {text("common.save")}
          </Button>
        </div>
      </form>
    </Card>
  );
}
