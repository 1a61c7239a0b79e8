import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { placesFor } from "@/shell/systems";

/** The pages for administrators, and the way between them. */
export function AdminLayout() {
  const text = useText();
  const { data: who } = useQuery(me);
  const places = placesFor(who?.permissions ?? []).filter((place) =>
    place.to.startsWith("/admin/"),
  );
  return (
    <div className="mx-auto flex w-full max-w-6xl grow flex-col gap-2 px-3 py-4 md:flex-row md:gap-6 md:px-6 md:py-8">
      <nav
        aria-label={text("nav.admin")}
        className="flex shrink-0 flex-wrap gap-1 md:w-52 md:flex-col"
      >
        {places.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className="rounded-lg px-3 py-2 text-ink-soft hover:bg-sunken hover:text-ink [&.active]:bg-accent-soft [&.active]:font-medium [&.active]:text-accent-strong"
          >
            {text(place.name)}
          </Link>
        ))}
      </nav>
      <div className="flex min-w-0 grow flex-col gap-5">
        <Outlet />
      </div>
    </div>
  );
}
