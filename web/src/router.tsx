import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { wantsWelcome } from "./account/wants-welcome";
import { me } from "./api/queries";
import { NotFound, Problem } from "./shell/problem";
import { Shell } from "./shell/shell";
import { placesFor } from "./shell/systems";

interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("./account/sign-in"), "SignIn"),
});

const signInByLink = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/$token",
  component: lazyRouteComponent(() => import("./account/sign-in-by-link"), "SignInByLink"),
});

/** All pages but the sign-in need somebody who is signed in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const who = await context.queries.ensureQueryData(me);
    const failed = (location.search as { sign_in_error?: string }).sign_in_error;
    const search = failed ? { sign_in_error: failed } : { next: location.href };
    if (!who) throw redirect({ to: "/sign-in", search: search as never });
  },
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: async ({ context }) => {
    const who = await context.queries.ensureQueryData(me);
    throw redirect({ to: wantsWelcome(who?.account ?? null) ? "/welcome" : "/translate" });
  },
});

const translate = createRoute({
  getParentRoute: () => shell,
  path: "/translate",
  component: lazyRouteComponent(() => import("./translate/page"), "TranslatePage"),
});

const documents = createRoute({
  getParentRoute: () => shell,
  path: "/translate/documents",
  component: lazyRouteComponent(() => import("./translate/documents"), "DocumentsPage"),
});

const chat = createRoute({
  getParentRoute: () => shell,
  path: "/chat",
  component: lazyRouteComponent(() => import("./chat/page"), "ChatPage"),
});

const chatSaved = createRoute({
  getParentRoute: () => shell,
  path: "/chat/saved",
  component: lazyRouteComponent(() => import("./chat/page"), "ChatPage"),
});

const chatReports = createRoute({
  getParentRoute: () => shell,
  path: "/chat/reports",
  component: lazyRouteComponent(() => import("./chat/page"), "ChatPage"),
});

const chatRoom = createRoute({
  getParentRoute: () => shell,
  path: "/chat/$roomId",
  component: lazyRouteComponent(() => import("./chat/page"), "ChatPage"),
  validateSearch: (search): { topic?: string; thread?: number; message?: number } => ({
    topic: search.topic === undefined ? undefined : String(search.topic),
    thread: Number(search.thread) || undefined,
    message: Number(search.message) || undefined,
  }),
});

const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin",
  component: lazyRouteComponent(() => import("./admin/layout"), "AdminLayout"),
});

const adminHome = createRoute({
  getParentRoute: () => admin,
  path: "/",
  beforeLoad: async ({ context }) => {
    const who = await context.queries.ensureQueryData(me);
    const first = placesFor(who?.permissions ?? []).find((each) => each.to.startsWith("/admin/"));
    throw redirect({ to: (first?.to ?? "/") as never });
  },
});

const people = createRoute({
  getParentRoute: () => admin,
  path: "/people",
  component: lazyRouteComponent(() => import("./admin/people"), "PeoplePage"),
});

const groups = createRoute({
  getParentRoute: () => admin,
  path: "/groups",
  component: lazyRouteComponent(() => import("./admin/groups/list"), "GroupsPage"),
});

const group = createRoute({
  getParentRoute: () => admin,
  path: "/groups/$groupId",
  component: lazyRouteComponent(() => import("./admin/groups/group"), "GroupPage"),
});

const glossaries = createRoute({
  getParentRoute: () => admin,
  path: "/glossaries",
  component: lazyRouteComponent(() => import("./admin/glossaries/list"), "GlossariesPage"),
});

const glossary = createRoute({
  getParentRoute: () => admin,
  path: "/glossaries/$glossaryId",
  component: lazyRouteComponent(() => import("./admin/glossaries/glossary"), "GlossaryPage"),
});

const models = createRoute({
  getParentRoute: () => admin,
  path: "/models",
  component: lazyRouteComponent(() => import("./admin/models"), "ModelsPage"),
});

const holds = createRoute({
  getParentRoute: () => admin,
  path: "/holds",
  component: lazyRouteComponent(() => import("./admin/holds/list"), "HoldsPage"),
});

const programHosts = createRoute({
  getParentRoute: () => admin,
  path: "/program-hosts",
  component: lazyRouteComponent(() => import("./admin/program-hosts"), "ProgramHostsPage"),
});

const hold = createRoute({
  getParentRoute: () => admin,
  path: "/holds/$holdId",
  component: lazyRouteComponent(() => import("./admin/holds/hold"), "HoldPage"),
});

const providers = createRoute({
  getParentRoute: () => admin,
  path: "/providers",
  component: lazyRouteComponent(() => import("./admin/providers"), "ProvidersPage"),
});

const keys = createRoute({
  getParentRoute: () => admin,
  path: "/keys",
  component: lazyRouteComponent(() => import("./admin/keys/list"), "KeysPage"),
});

const usage = createRoute({
  getParentRoute: () => admin,
  path: "/usage",
  component: lazyRouteComponent(() => import("./admin/usage"), "UsagePage"),
});

const webhooks = createRoute({
  getParentRoute: () => admin,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./admin/webhooks/list"), "WebhooksPage"),
});

const webhook = createRoute({
  getParentRoute: () => admin,
  path: "/webhooks/$webhookId",
  component: lazyRouteComponent(() => import("./admin/webhooks/webhook"), "WebhookPage"),
});

const audit = createRoute({
  getParentRoute: () => admin,
  path: "/audit",
  component: lazyRouteComponent(() => import("./admin/audit"), "AuditPage"),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/page"), "AccountPage"),
});

const notifications = createRoute({
  getParentRoute: () => shell,
  path: "/notifications",
  component: lazyRouteComponent(() => import("./inbox/page"), "NotificationsPage"),
});

const notificationPreferences = createRoute({
  getParentRoute: () => shell,
  path: "/account/notifications",
  component: lazyRouteComponent(() => import("./inbox/preferences"), "NotificationPreferencesPage"),
});

const welcome = createRoute({
  getParentRoute: () => shell,
  path: "/welcome",
  component: lazyRouteComponent(() => import("./account/welcome"), "WelcomePage"),
});

const connect = createRoute({
  getParentRoute: () => shell,
  path: "/connect",
  component: lazyRouteComponent(() => import("./account/connect"), "ConnectPage"),
});

const tree = root.addChildren([
  signIn,
  signInByLink,
  shell.addChildren([
    home,
    translate,
    documents,
    chat,
    chatSaved,
    chatReports,
    chatRoom,
    account,
    welcome,
    connect,
    notifications,
    notificationPreferences,
    admin.addChildren([
      adminHome,
      people,
      groups,
      group,
      glossaries,
      glossary,
      models,
      holds,
      hold,
      providers,
      keys,
      usage,
      webhooks,
      webhook,
      programHosts,
      audit,
    ]),
  ]),
]);

/** The pages of the client. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultErrorComponent: Problem,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
