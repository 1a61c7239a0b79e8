import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useContext, useEffect, useState } from "react";
import { send } from "@/api/client";
import { me } from "@/api/queries";
import { ChatUnread } from "@/chat/nav";
import { LOCALES, LocaleContext, useText } from "@/i18n";
import { Bell } from "@/inbox/bell";
import { renew } from "@/inbox/push";
import { Icon, IconButton, Menu, MenuChoice, MenuItem } from "@/kit";
import { DoNotDisturb } from "./do-not-disturb";
import { CommandPalette } from "./palette";
import { PhoneNav } from "./phone-nav";
import { placesFor } from "./systems";
import { applyTheme, chosenTheme } from "./theme";

/** What stands around every page: where one is, where one can go, and who one is. */
export function Shell() {
  const text = useText();
  const { data: who } = useQuery(me);
  const [searching, setSearching] = useState(false);
  const places = placesFor(who?.permissions ?? []);
  const systems = places.filter((place) => place.system);

  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching(true);
      }
    };
    window.addEventListener("keydown", open);
    return () => window.removeEventListener("keydown", open);
  }, []);

  useEffect(() => void renew(), []);

  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only rounded-lg bg-raised px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
      >
        {text("nav.skip")}
      </a>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-1 border-b border-line bg-surface px-3 md:px-5">
        <Link
          to="/"
          className="mr-5 flex items-center gap-2 rounded-lg font-semibold max-md:hidden"
        >
          <img src="/icon.svg" alt="" width={28} height={28} />
          <span>{who?.organisation.name ?? "Hanse"}</span>
        </Link>
        <nav aria-label={text("nav.systems")} className="min-w-0 grow">
          <div className="md:hidden">
            <PhoneNav systems={systems} />
          </div>
          <div className="flex gap-1 overflow-x-auto max-md:hidden">
            {systems.map((place) => (
              <Link
                key={place.to}
                to={place.to}
                activeOptions={{ exact: place.to === "/translate" }}
                className="inline-flex min-h-9 items-center gap-2 rounded-lg px-3 font-medium text-ink-soft hover:bg-sunken hover:text-ink [&.active]:bg-accent-soft [&.active]:text-accent-strong"
              >
                <Icon name={place.icon} />
                {text(place.name)}
                {place.to === "/chat" && who?.person ? <ChatUnread person={who.person.id} /> : null}
              </Link>
            ))}
          </div>
        </nav>
        <IconButton label={text("palette.open")} onClick={() => setSearching(true)}>
          <Icon name="search" />
        </IconButton>
        {who?.person ? <Bell /> : null}
        <ThemeButton />
        <LanguageMenu />
        <AccountMenu name={who?.person?.name ?? ""} email={who?.person?.email ?? ""} />
      </header>
      <main id="main" tabIndex={-1} className="flex grow flex-col outline-none">
        <Outlet />
      </main>
      <CommandPalette places={places} open={searching} onClose={() => setSearching(false)} />
    </div>
  );
}

function ThemeButton() {
  const text = useText();
  const [theme, setTheme] = useState(chosenTheme());
  const isDark = document.documentElement.dataset.theme === "dark";
  const next = isDark ? "light" : "dark";
  return (
    <IconButton
      label={text(isDark ? "theme.light" : "theme.dark")}
      data-theme-choice={theme}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <Icon name={isDark ? "sun" : "moon"} />
    </IconButton>
  );
}

/** In which language the interface speaks. */
export function LanguageMenu() {
  const text = useText();
  const { locale, setLocale } = useContext(LocaleContext);
  return (
    <Menu label={text("nav.language")} trigger={<Icon name="globe" />}>
      <MenuChoice value={locale} options={LOCALES} onChange={setLocale} />
    </Menu>
  );
}

function AccountMenu({ name, email }: { name: string; email: string }) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = async () => {
    await send("/v1/auth/session", { method: "DELETE" }).catch(() => undefined);
    queries.clear();
    await navigate({ to: "/sign-in" });
  };
  return (
    <Menu label={text("nav.account")} trigger={<Icon name="person" />}>
      <div className="px-3 py-2">
        <p className="m-0 font-medium">{name}</p>
        <p className="m-0 text-sm text-ink-soft">{email}</p>
      </div>
      <MenuItem onClick={() => void navigate({ to: "/account" })}>
        <Icon name="person" size={18} />
        {text("nav.account")}
      </MenuItem>
      <DoNotDisturb />
      <MenuItem onClick={() => window.location.assign("/docs")}>
        <Icon name="docs" size={18} />
        {text("nav.apiDocs")}
      </MenuItem>
      <MenuItem onClick={() => void signOut()}>
        <Icon name="close" size={18} />
        {text("nav.signOut")}
      </MenuItem>
    </Menu>
  );
}
