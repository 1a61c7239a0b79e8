import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useText } from "@/i18n";
import { Button } from "./button";
import { EmptyState, ErrorNote, Skeleton } from "./states";

interface PagedProps<T> {
  list: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>>;
  /** What stands there when nothing was found: a title, or something of one's own. */
  none: ReactNode;
  children: (found: T[]) => ReactNode;
}

/** What was found of a list that comes in pages, or what stands in its place, and a way to more. */
export function Paged<T>({ list, none, children }: PagedProps<T>) {
  const text = useText();
  const found = itemsOf(list);
  return (
    <>
      {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton className="h-40 w-full" /> : null}
      {list.data && found.length === 0 ? (
        typeof none === "string" ? (
          <EmptyState title={none} />
        ) : (
          none
        )
      ) : null}
      {found.length > 0 ? children(found) : null}
      {list.hasNextPage ? (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {text("common.more")}
        </Button>
      ) : null}
    </>
  );
}

/** All that has come of a list so far. */
export function itemsOf<T>(list: UseInfiniteQueryResult<InfiniteData<{ items: T[] }>>): T[] {
  return list.data?.pages.flatMap((page) => page.items) ?? [];
}
