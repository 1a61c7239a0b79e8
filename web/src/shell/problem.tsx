import { Link } from "@tanstack/react-router";
import { useText } from "@/i18n";
import { EmptyState, ErrorNote } from "@/kit";

/** There is no such page. */
export function NotFound() {
  const text = useText();
  return (
    <main className="mx-auto max-w-xl px-4 py-16">
      <h1 className="sr-only">{text("error.notFound")}</h1>
      <EmptyState title={text("error.notFound")}>
        <Link to="/" className="text-accent underline">
          {text("error.toStart")}
        </Link>
      </EmptyState>
    </main>
  );
}

/** A page could not be shown. */
export function Problem({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <main className="mx-auto max-w-xl px-4 py-16">
      <ErrorNote error={error} retry={reset} />
    </main>
  );
}
