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

interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("./account/sign-in"), "SignIn"),
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

const keys = createRoute({
  getParentRoute: () => shell,
  path: "/admin/keys",
  component: lazyRouteComponent(() => import("./admin/keys"), "KeysPage"),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/page"), "AccountPage"),
});

const welcome = createRoute({
  getParentRoute: () => shell,
  path: "/welcome",
  component: lazyRouteComponent(() => import("./account/welcome"), "WelcomePage"),
});

const tree = root.addChildren([
  signIn,
  shell.addChildren([home, translate, documents, keys, account, welcome]),
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
