import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface PageHeadProps {
  title: string;
  about?: string;
  /** The page that this one belongs to. */
  back?: { to: string; name: string };
  /** What can be done here. */
  children?: ReactNode;
}

/** The head of a page: where one is, what it is for, and what one can do. */
export function PageHead({ title, about, back, children }: PageHeadProps) {
  return (
    <div className="grid gap-1">
      {back ? (
        <Link to={back.to as never} className="w-fit text-sm text-accent hover:underline">
          <span aria-hidden="true">← </span>
          {back.name}
        </Link>
      ) : null}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="m-0 min-w-0 text-2xl font-semibold tracking-tight break-words">{title}</h1>
        {children ? <div className="flex flex-wrap gap-2">{children}</div> : null}
      </div>
      {about ? <p className="m-0 max-w-prose text-ink-soft">{about}</p> : null}
    </div>
  );
}
