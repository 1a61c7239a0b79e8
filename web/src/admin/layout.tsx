import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
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
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // On a phone the places scroll sideways: the one where one is must be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the place
  useEffect(() => {
    nav.current?.querySelector(".active")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [pathname]);
  return (
    <div className="mx-auto flex w-full max-w-6xl grow flex-col gap-2 px-3 py-4 md:flex-row md:gap-6 md:px-6 md:py-8">
      <nav
        ref={nav}
        aria-label={text("nav.admin")}
        className="-mx-3 flex shrink-0 gap-1 overflow-x-auto px-3 pb-1 md:mx-0 md:w-52 md:flex-col md:overflow-visible md:p-0"
      >
        {places.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className="rounded-lg px-3 py-2 whitespace-nowrap text-ink-soft hover:bg-sunken hover:text-ink [&.active]:bg-accent-soft [&.active]:font-medium [&.active]:text-accent-strong"
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
