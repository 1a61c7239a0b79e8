import { useText } from "@/i18n";
import type { Previewed } from "./model";

/** What the pages behind a message's links say about themselves; it is text of strangers. */
export function LinkPreviews({ previewed }: { previewed: Previewed }) {
  const text = useText();
  return (
    <ul
      aria-label={text("chat.links")}
      className="m-0 my-1 grid list-none grid-cols-[minmax(0,1fr)] gap-1.5 p-0"
    >
      {previewed.previews.map((each) => (
        <li key={each.url} className="w-130 max-w-full border-l-3 border-line-strong pl-3">
          <p className="m-0 truncate text-sm text-ink-soft">{each.site_name || hostOf(each.url)}</p>
          <a
            href={each.url}
            target="_blank"
            rel="noopener noreferrer nofollow"
            dir="auto"
            className="block truncate font-medium text-accent hover:underline"
          >
            {each.title}
          </a>
          {each.description ? (
            <p dir="auto" className="m-0 line-clamp-2 text-sm break-words text-ink-soft">
              {each.description}
            </p>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
