import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";

const END_PX = 48;
const NEAR_PX = 1200;

interface Options {
  /** Whether nothing follows the last row. */
  isAtEnd: boolean;
  /** Changes whenever the rows do. */
  rows: unknown;
  onNear: (side: "older" | "newer") => void;
  /** What is in view now, by number, and whether the reader is at the end. */
  onSeen: (first: number, last: number, isAtBottom: boolean) => void;
}

/** Where a reader is: at the end, or at a row so far below the upper edge. */
type Anchor = "end" | { row: string; top: number };

/**
 * Keeps what is read in its place while rows come and go above it, and grow; at the end, stays there.
 * Rows are the children of `inner` and have `data-row`.
 */
export function useScroll(
  box: RefObject<HTMLDivElement | null>,
  inner: RefObject<HTMLDivElement | null>,
  options: Options,
) {
  const anchor = useRef<Anchor>("end");
  const latest = useRef(options);
  latest.current = options;

  const restore = useCallback(() => {
    const outer = box.current;
    if (!outer) return;
    if (anchor.current === "end") {
      outer.scrollTop = outer.scrollHeight;
      return;
    }
    const { row, top } = anchor.current;
    const element = outer.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"]`);
    if (element) outer.scrollTop = element.offsetTop - top;
  }, [box]);

  const look = useCallback(() => {
    const outer = box.current;
    const rows = inner.current?.children;
    if (!outer || !rows || rows.length === 0) return;
    const { isAtEnd, onNear, onSeen } = latest.current;
    const upper = outer.scrollTop;
    const lower = upper + outer.clientHeight;
    const isAtBottom = outer.scrollHeight - lower < END_PX;
    const first = firstBelow(rows, upper);
    const last = firstBelow(rows, lower);
    const top = rows[first] as HTMLElement;
    anchor.current =
      isAtBottom && isAtEnd
        ? "end"
        : { row: top.dataset.row ?? "", top: top.offsetTop - outer.scrollTop };
    if (upper < NEAR_PX) onNear("older");
    if (outer.scrollHeight - lower < NEAR_PX) onNear("newer");
    const seen: number[] = [];
    for (let index = first; index <= Math.min(last, rows.length - 1); index += 1) {
      const number = Number((rows[index] as HTMLElement).dataset.message);
      if (number) seen.push(number);
    }
    onSeen(seen[0] ?? 0, seen.at(-1) ?? 0, isAtBottom && isAtEnd);
  }, [box, inner]);

  /** Bring a row to a place below the upper edge; false if it is not there. */
  const show = useCallback(
    (row: string, top: number): boolean => {
      const element = box.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"]`);
      if (!element) return false;
      anchor.current = { row, top };
      restore();
      return true;
    },
    [box, restore],
  );

  const toEnd = useCallback(() => {
    anchor.current = "end";
    restore();
  }, [restore]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the rows change
  useLayoutEffect(restore, [options.rows]);

  useEffect(() => {
    const outer = box.current;
    const content = inner.current;
    if (!outer || !content) return;
    let frame = 0;
    const later = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    const sizes = new ResizeObserver(() => {
      restore();
      later();
    });
    sizes.observe(outer);
    sizes.observe(content);
    outer.addEventListener("scroll", later, { passive: true });
    window.addEventListener("focus", later);
    document.addEventListener("visibilitychange", later);
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      outer.removeEventListener("scroll", later);
      window.removeEventListener("focus", later);
      document.removeEventListener("visibilitychange", later);
    };
  }, [box, inner, look, restore]);

  return { show, toEnd };
}

/** The first row whose lower edge is below a height. */
function firstBelow(rows: HTMLCollection, height: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as HTMLElement;
    if (row.offsetTop + row.offsetHeight > height) high = middle;
    else low = middle + 1;
  }
  return low;
}
