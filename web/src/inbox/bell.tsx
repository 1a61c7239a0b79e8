import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useText } from "@/i18n";
import { Icon } from "@/kit";
import { follow, taken } from "./live";
import { notificationCounts } from "./queries";

const MOST = 99;

/** The way to the inbox, with how much in it is unread, as it happens. */
export function Bell() {
  const text = useText();
  const queries = useQueryClient();
  const counts = useQuery(notificationCounts);
  const [newest, setNewest] = useState("");
  const isThere = counts.isSuccess;
  useEffect(() => {
    if (!isThere) return;
    const controller = new AbortController();
    follow((message) => {
      const notification = taken(queries, message);
      if (notification) setNewest(notification.title);
    }, controller.signal);
    return () => controller.abort();
  }, [queries, isThere]);
  if (!counts.data) return null;
  const { unread } = counts.data;
  const name = text("inbox.bell", { count: unread });
  return (
    <>
      <Link
        to="/notifications"
        aria-label={name}
        title={name}
        className="relative inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink [&.active]:bg-accent-soft [&.active]:text-accent-strong"
      >
        <Icon name="bell" />
        {unread > 0 ? (
          <span
            aria-hidden="true"
            className="absolute top-0 right-0 min-w-4.5 rounded-full bg-accent px-1 text-center text-xs leading-4.5 font-medium text-on-accent"
          >
            {unread > MOST ? `${MOST}+` : unread}
          </span>
        ) : null}
      </Link>
      <span role="status" className="sr-only">
        {newest}
      </span>
    </>
  );
}
