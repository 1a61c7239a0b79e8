import type { ReactNode } from "react";

interface CardProps {
  title: string;
  about?: string;
  children: ReactNode;
}

/** A part of a page with a heading of its own. */
export function Card({ title, about, children }: CardProps) {
  return (
    <section className="grid grid-cols-1 gap-4 rounded-xl border border-line bg-surface p-4 md:p-5">
      <div>
        <h2 className="m-0 text-lg font-semibold">{title}</h2>
        {about ? <p className="m-0 mt-1 text-ink-soft">{about}</p> : null}
      </div>
      {children}
    </section>
  );
}
