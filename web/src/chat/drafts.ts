// What one has begun to write, kept here and on the server, so that other devices go on with it.
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, unwrap } from "@/api/client";
import type { Filter } from "./model";
import { keepDraft, keepVersion, keptDraft, keptVersion } from "./storage";

const SAVED_AFTER_MS = 800;
const UNSTORED = -1;

/** All of one's drafts, last written first. */
export const draftList = queryOptions({
  queryKey: ["chat", "drafts"],
  staleTime: 0,
  refetchOnWindowFocus: true,
  queryFn: async () => (await unwrap(api.GET("/v1/chat/drafts"))).items,
});

type Draft = Awaited<ReturnType<NonNullable<typeof draftList.queryFn>>>[number];

/** Under which name a draft is kept here. */
export function placeOf(room: string, { topic, thread }: Filter): string {
  return `${room}${thread ? `.${thread}` : ""}${topic ? `.${topic}` : ""}`;
}

/** Whether what was written here, or that it was sent, is not on the server yet. */
function isUnstored(here: string, known: number | null): boolean {
  return known === UNSTORED || (known === null && here !== "");
}

/** What to show of what is written here and what the server has; null: what stands here stays. */
export function settled(here: string, known: number | null, there: Draft | null): string | null {
  // Written here and not stored yet: it is the last writing.
  if (isUnstored(here, known)) return null;
  const text = there?.text ?? "";
  return text === here ? null : text;
}

export type Sync = (text: string) => void;

/** Store a draft a moment after it was typed; `take` gets what another device wrote. */
export function useDraft(
  me: string,
  room: string,
  filter: Filter,
  isOn: boolean,
  take: (text: string) => void,
): Sync {
  const queries = useQueryClient();
  const { topic, thread } = filter;
  const place = placeOf(room, filter);
  const waiting = useRef<{ timer: number; store: () => void } | null>(null);
  const taking = useRef(take);
  taking.current = take;
  // One at a time, so that an older writing never comes last.
  const chain = useRef<Promise<unknown>>(Promise.resolve());

  const sync = (text: string) => {
    keepVersion(me, place, UNSTORED);
    if (waiting.current) clearTimeout(waiting.current.timer);
    const store = () => {
      waiting.current = null;
      chain.current = chain.current
        .then(() =>
          unwrap(
            api.PUT("/v1/rooms/{room_id}/draft", {
              params: { path: { room_id: room } },
              body: { text, topic: topic ?? null, thread: thread ?? null },
            }),
          ),
        )
        .then(({ draft }) => {
          if (keptDraft(me, place) === text) keepVersion(me, place, draft?.version ?? 0);
          return queries.invalidateQueries({ queryKey: draftList.queryKey });
        })
        // It is kept here, and stored when it is opened again.
        .catch(() => undefined);
    };
    waiting.current = { timer: window.setTimeout(store, text ? SAVED_AFTER_MS : 0), store };
  };
  const syncing = useRef(sync);
  syncing.current = sync;

  useEffect(() => {
    if (!isOn) return;
    let isGone = false;
    const look = async () => {
      const drafts = await queries.fetchQuery(draftList).catch(() => null);
      if (isGone || !drafts || waiting.current) return;
      const there = drafts.find((each) => placeOf(each.room_id, filterOf(each)) === place) ?? null;
      const here = keptDraft(me, place);
      const known = keptVersion(me, place);
      const next = settled(here, known, there);
      if (next !== null) {
        keepDraft(me, place, next);
        keepVersion(me, place, there?.version ?? 0);
        taking.current(next);
      } else if (isUnstored(here, known)) syncing.current(here);
    };
    void look();
    window.addEventListener("focus", look);
    return () => {
      isGone = true;
      window.removeEventListener("focus", look);
      if (waiting.current) {
        clearTimeout(waiting.current.timer);
        waiting.current.store();
      }
    };
  }, [me, place, isOn, queries]);
  return sync;
}

/** The place of a draft, as the addresses of rooms have it. */
export function filterOf({ topic, thread }: Pick<Draft, "topic" | "thread">): Filter {
  return { ...(topic ? { topic } : {}), ...(thread ? { thread } : {}) };
}
