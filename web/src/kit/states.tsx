import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { useText } from "@/i18n";
import { Button } from "./button";
import { Icon } from "./icons";

/** Where something will stand, of the same size, so that nothing jumps. */
export function Skeleton({ className = "" }: { className?: string }) {
  return <div aria-hidden="true" className={`animate-pulse rounded-md bg-sunken ${className}`} />;
}

/** There is nothing here yet, and what to do about it. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-xl border border-dashed border-line px-6 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children ? <div className="mt-1 text-ink-soft">{children}</div> : null}
    </div>
  );
}

/** One sentence about what went wrong. */
export function Notice({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="m-0 rounded-lg bg-bad-soft px-4 py-3 break-words text-bad">
      {children}
    </p>
  );
}

/** What went wrong and what to do; `retry` offers another attempt. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = useText();
  return (
    <div role="alert" className="flex items-start gap-3 rounded-lg bg-bad-soft px-4 py-3 text-bad">
      <Icon name="warning" />
      <div className="min-w-0 grow break-words">{explain(error, text)}</div>
      {retry ? <Button onClick={retry}>{text("common.retry")}</Button> : null}
    </div>
  );
}

/** One sentence for a person about any error. */
export function explain(error: unknown, text: ReturnType<typeof useText>): string {
  if (error instanceof ApiError) {
    if (error.status === 429) return text("error.tooMany");
    if (error.status === 456) return text("error.quota");
    if (error.status === 503) return text("error.busy");
    return error.message;
  }
  return text("error.network");
}
