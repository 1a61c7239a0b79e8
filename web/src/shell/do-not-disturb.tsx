import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useContext } from "react";
import { LocaleContext, useText } from "@/i18n";
import { ask } from "@/inbox/ask";
import type { Preferences } from "@/inbox/model";
import { notificationPreferences } from "@/inbox/queries";
import { Icon, MenuItem } from "@/kit";

const HOUR_MS = 3_600_000;
const MORNING = 8;

/** Tomorrow morning, by the clock of this browser. */
function tomorrow(now: Date): Date {
  const at = new Date(now);
  at.setDate(at.getDate() + 1);
  at.setHours(MORNING, 0, 0, 0);
  return at;
}

/** Items of a menu with which one is not disturbed for a while, or again. */
export function DoNotDisturb() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const queries = useQueryClient();
  const { data: preferences } = useQuery({ ...notificationPreferences, staleTime: 0 });
  const hold = async (until: Date | null) => {
    await ask<Preferences>("PATCH", "notification-preferences", {
      do_not_disturb_until: until?.toISOString() ?? null,
    }).then((now) => queries.setQueryData(notificationPreferences.queryKey, now));
  };
  const until = preferences?.do_not_disturb_until;
  if (until) {
    const time = new Intl.DateTimeFormat(locale, {
      weekday: "short",
      hour: "numeric",
      minute: "2-digit",
    }).format(new Date(until));
    return (
      <MenuItem onClick={() => void hold(null)}>
        <Icon name="check" size={18} />
        <span>
          {text("nav.disturbAgain")}
          <span className="block text-sm text-ink-soft">{text("nav.undisturbed", { time })}</span>
        </span>
      </MenuItem>
    );
  }
  return (
    <>
      <MenuItem onClick={() => void hold(new Date(Date.now() + HOUR_MS))}>
        <Icon name="moon" size={18} />
        {text("nav.undisturbedHour")}
      </MenuItem>
      <MenuItem onClick={() => void hold(tomorrow(new Date()))}>
        <Icon name="moon" size={18} />
        {text("nav.undisturbedTomorrow")}
      </MenuItem>
    </>
  );
}
