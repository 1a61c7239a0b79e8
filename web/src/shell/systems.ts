import type { MessageId } from "@/i18n";
import type { IconName } from "@/kit/icons";

/** A place that the navigation and the command palette lead to. */
export interface Place {
  to: string;
  name: MessageId;
  icon: IconName;
  /** What somebody must be allowed to see it. */
  permission?: string;
  /** In the navigation, or in the palette alone. */
  system?: boolean;
}

export const PLACES: Place[] = [
  { to: "/translate", name: "nav.translate", icon: "translate", system: true },
  { to: "/translate/documents", name: "nav.documents", icon: "file", system: true },
  { to: "/chat", name: "nav.chat", icon: "chat", permission: "chat:read", system: true },
  { to: "/chat/saved", name: "chat.saved", icon: "bookmark", permission: "chat:read" },
  { to: "/chat/reports", name: "reports.title", icon: "flag", permission: "chat:read" },
  // For whoever may do more than every member: who sees no page of it sees no Admin either.
  { to: "/admin", name: "nav.admin", icon: "admin", permission: "people:write", system: true },
  { to: "/admin/people", name: "nav.people", icon: "people", permission: "people:write" },
  { to: "/admin/groups", name: "nav.groups", icon: "group", permission: "groups:read" },
  { to: "/admin/glossaries", name: "nav.glossaries", icon: "book", permission: "glossaries:read" },
  { to: "/admin/models", name: "nav.models", icon: "cpu", permission: "inference:read" },
  {
    to: "/admin/providers",
    name: "nav.providers",
    icon: "admin",
    permission: "identity_providers:read",
  },
  { to: "/admin/keys", name: "nav.keys", icon: "key", permission: "api_keys:read" },
  { to: "/admin/usage", name: "nav.usage", icon: "chart", permission: "api_keys:read" },
  { to: "/admin/webhooks", name: "nav.webhooks", icon: "hook", permission: "webhooks:read" },
  { to: "/admin/holds", name: "holds.title", icon: "lock", permission: "chat:holds" },
  {
    to: "/admin/program-hosts",
    name: "programHosts.title",
    icon: "hook",
    permission: "organisation:write",
  },
  { to: "/admin/audit", name: "nav.audit", icon: "docs", permission: "audit:read" },
  { to: "/notifications", name: "nav.inbox", icon: "bell" },
  { to: "/account", name: "nav.account", icon: "person" },
  { to: "/account/notifications", name: "inbox.kinds", icon: "bell" },
];

/** The places that somebody with these permissions may go to. */
export function placesFor(permissions: readonly string[]): Place[] {
  return PLACES.filter((place) => !place.permission || permissions.includes(place.permission));
}

/** The system that a page belongs to: the one whose address is the longest beginning of its own. */
export function placeOf(pathname: string, systems: readonly Place[]): Place | undefined {
  return systems
    .filter(({ to }) => pathname === to || pathname.startsWith(`${to}/`))
    .reduce<Place | undefined>(
      (best, each) => (best && best.to.length >= each.to.length ? best : each),
      undefined,
    );
}
