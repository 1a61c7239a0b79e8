import type { ReactNode } from "react";
import { LanguageMenu } from "@/shell/shell";

/** The page before the door: what somebody sees who is not signed in. */
export function Front({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center gap-5 px-4 py-10">
      <div className="absolute top-3 right-3">
        <LanguageMenu />
      </div>
      <img src="/icon.svg" alt="" width={56} height={56} />
      <h1 className="m-0 text-2xl font-semibold tracking-tight">{title}</h1>
      {children}
    </main>
  );
}
