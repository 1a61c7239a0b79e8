import { useEffect } from "react";

const SHOWN_MS = 5000;

/** A short word about what was just done, which goes by itself. */
export function Toast({ notice, onEnd }: { notice: string; onEnd: () => void }) {
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(onEnd, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, onEnd]);
  return (
    <p
      role="status"
      className={
        notice
          ? "fixed bottom-24 left-1/2 z-40 m-0 max-w-[calc(100vw-2rem)] -translate-x-1/2 rounded-xl border border-line bg-raised px-4 py-2 shadow-card"
          : "sr-only"
      }
    >
      {notice}
    </p>
  );
}
