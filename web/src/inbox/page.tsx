import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useContext, useState } from "react";
import { safeNext } from "@/account/next";
import { LocaleContext, useText } from "@/i18n";
import { Button, Check, ErrorNote, itemsOf, Paged, PageHead } from "@/kit";
import { ask } from "./ask";
import type { Counts, Notification } from "./model";
import { notificationCounts, notificationList, notificationsChanged } from "./queries";

/** What happened that concerns the person who is signed in. */
export function NotificationsPage() {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [unreadOnly, setUnreadOnly] = useState(false);
  const list = useInfiniteQuery(notificationList(unreadOnly));
  const changed = async () => {
    await notificationsChanged(queries);
    await queries.invalidateQueries({ queryKey: notificationCounts.queryKey });
  };
  const mark = useMutation({
    mutationFn: ({ id, read }: { id: string; read: boolean }) =>
      ask<Notification>("PATCH", `notifications/${id}`, { read }),
    onSuccess: changed,
  });
  const markAll = useMutation({
    mutationFn: (through: string) => ask<Counts>("POST", "notifications/read", { through }),
    onSuccess: changed,
  });
  const open = (notification: Notification) => {
    if (!notification.read_at) mark.mutate({ id: notification.id, read: true });
    if (notification.link) void navigate({ href: safeNext(notification.link) });
  };
  const error = mark.error ?? markAll.error;
  const newest = itemsOf(list)[0];
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-5 px-3 py-4 md:px-6 md:py-8">
      <PageHead title={text("nav.inbox")}>
        <Link
          to="/account/notifications"
          className="inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 font-medium hover:border-line-strong"
        >
          {text("inbox.preferences")}
        </Link>
        {newest ? (
          <Button busy={markAll.isPending} onClick={() => markAll.mutate(newest.id)}>
            {text("inbox.readAll")}
          </Button>
        ) : null}
      </PageHead>
      <Check
        label={text("inbox.unreadOnly")}
        checked={unreadOnly}
        onChange={(event) => setUnreadOnly(event.target.checked)}
      />
      {error ? <ErrorNote error={error} /> : null}
      <Paged list={list} none={text(unreadOnly ? "inbox.allRead" : "inbox.none")}>
        {(found) => (
          <ul className="m-0 grid list-none gap-2 p-0">
            {found.map((each) => (
              <Row
                key={each.id}
                notification={each}
                onOpen={() => open(each)}
                onMark={(read) => mark.mutate({ id: each.id, read })}
              />
            ))}
          </ul>
        )}
      </Paged>
    </div>
  );
}

interface RowProps {
  notification: Notification;
  onOpen: () => void;
  onMark: (read: boolean) => void;
}

function Row({ notification, onOpen, onMark }: RowProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const isUnread = notification.read_at === null;
  const body = (
    <>
      <span className={`block break-words ${isUnread ? "font-semibold" : ""}`}>
        {isUnread ? (
          <>
            <span
              aria-hidden="true"
              className="mr-2 inline-block size-2 rounded-full bg-accent align-middle"
            />
            <span className="sr-only">{text("inbox.unread")} </span>
          </>
        ) : null}
        {notification.title}
      </span>
      {notification.body ? <span className="block break-words">{notification.body}</span> : null}
      <span className="block text-sm text-ink-soft">
        {time.format(new Date(notification.updated_at))}
      </span>
    </>
  );
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-3 rounded-xl border border-line bg-surface pr-3">
      {notification.link ? (
        <button
          type="button"
          onClick={onOpen}
          className="min-w-0 grow basis-64 rounded-xl px-4 py-3 text-left hover:bg-sunken"
        >
          {body}
        </button>
      ) : (
        <div className="min-w-0 grow basis-64 px-4 py-3">{body}</div>
      )}
      <Button kind="quiet" onClick={() => onMark(isUnread)}>
        {text(isUnread ? "inbox.markRead" : "inbox.markUnread")}
        <span className="sr-only"> {notification.title}</span>
      </Button>
    </li>
  );
}
