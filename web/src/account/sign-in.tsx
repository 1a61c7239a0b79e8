import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError, api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Button, ErrorNote, Field, Notice, Skeleton } from "@/kit";
import { CodeField, SignInError } from "./code-field";
import { useEntry } from "./entry";
import { Front } from "./front";
import { safeNext } from "./next";
import { canUsePasskeys, usePasskeyOf as prove } from "./webauthn";

/** How to get in: an address first, then one of the ways that its organisation has. */
export function SignIn() {
  const text = useText();
  const search = useSearch({ strict: false }) as { next?: string; sign_in_error?: string };
  const [email, setEmail] = useState("");
  const [isKnown, setIsKnown] = useState(false);
  return (
    <Front title={text("signIn.title")}>
      {search.sign_in_error ? (
        <Notice>{text("signIn.providerFailed", { code: search.sign_in_error })}</Notice>
      ) : null}
      {isKnown ? (
        <Ways email={email} next={safeNext(search.next)} onBack={() => setIsKnown(false)} />
      ) : (
        <Address
          email={email}
          setEmail={setEmail}
          next={safeNext(search.next)}
          onDone={() => setIsKnown(true)}
        />
      )}
      <p className="m-0 text-sm text-ink-soft">
        {text("signIn.link")} <code>hanse user link</code>
        {" · "}
        <a href="/docs" className="text-accent underline">
          {text("nav.apiDocs")}
        </a>
      </p>
    </Front>
  );
}

interface AddressProps {
  email: string;
  setEmail: (email: string) => void;
  next: string;
  onDone: () => void;
}

function Address({ email, setEmail, next, onDone }: AddressProps) {
  const text = useText();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDone();
  };
  return (
    <>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label={text("signIn.email")}
          type="email"
          autoComplete="username"
          required
          autoFocus
          maxLength={320}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Button kind="primary" type="submit">
          {text("signIn.continue")}
        </Button>
      </form>
      {canUsePasskeys ? <PasskeyButton next={next} /> : null}
    </>
  );
}

function PasskeyButton({ next }: { next: string }) {
  const text = useText();
  const enter = useEntry(next);
  const signIn = useMutation({
    mutationFn: async () => {
      const { challenge_id, options } = await unwrap(api.POST("/v1/auth/passkeys/options"));
      const credential = await prove(options);
      return unwrap(api.POST("/v1/auth/passkeys", { body: { challenge_id, credential } }));
    },
    onSuccess: enter,
  });
  return (
    <>
      {signIn.error ? <PasskeyError error={signIn.error} /> : null}
      <Button busy={signIn.isPending} onClick={() => signIn.mutate()}>
        {text("signIn.byPasskey")}
      </Button>
    </>
  );
}

/** What went wrong with a passkey: the browser's own refusals have no sentence for people. */
export function PasskeyError({ error }: { error: unknown }) {
  const text = useText();
  if (!(error instanceof DOMException)) return <ErrorNote error={error} />;
  return <Notice>{text("signIn.passkeyFailed")}</Notice>;
}

function Ways({ email, next, onBack }: { email: string; next: string; onBack: () => void }) {
  const text = useText();
  const ways = useQuery({
    queryKey: ["sign-in-methods", email],
    queryFn: () => unwrap(api.GET("/v1/auth/methods", { params: { query: { email } } })),
  });
  return (
    <div className="grid gap-4">
      <div className="flex items-center justify-between gap-3 rounded-lg bg-sunken px-3 py-1">
        <span className="truncate">{email}</span>
        <Button kind="quiet" onClick={onBack}>
          {text("signIn.other")}
        </Button>
      </div>
      {ways.isPending ? <Skeleton className="h-32 w-full" /> : null}
      {ways.error ? <ErrorNote error={ways.error} retry={() => void ways.refetch()} /> : null}
      {ways.data?.providers.map((provider) => (
        <a
          key={provider.id}
          href={`/v1/auth/oidc/${provider.id}?next=${encodeURIComponent(next)}`}
          className="inline-flex min-h-9 items-center justify-center rounded-lg border border-line bg-surface px-3.5 font-medium hover:border-line-strong"
        >
          {text("signIn.byProvider", { name: provider.name })}
        </a>
      ))}
      {ways.data?.password ? <PasswordForm email={email} next={next} /> : null}
      {ways.data ? <LinkButton email={email} /> : null}
    </div>
  );
}

interface Organisation {
  id: string;
  name: string;
}

function PasswordForm({ email, next }: { email: string; next: string }) {
  const text = useText();
  const enter = useEntry(next);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [organisation, setOrganisation] = useState<string>();
  const signIn = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/auth/password", {
          body: {
            email,
            password,
            ...(code ? { code: code.trim() } : {}),
            ...(organisation ? { organisation_id: organisation } : {}),
          },
        }),
      ),
    onMutate: () => setProblem(null),
    onSuccess: enter,
  });
  const [needsCode, setNeedsCode] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [among, setAmong] = useState<Organisation[]>([]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate(undefined, {
      onError: (error) => {
        // The first time that more is asked for is no failure.
        const reason = error instanceof ApiError ? error : null;
        if (reason?.code === "second_factor_required" && !needsCode) setNeedsCode(true);
        else if (reason?.code === "choose_organisation") {
          const offered = (reason.facts.organisations ?? []) as Organisation[];
          setAmong(offered);
          setOrganisation(offered[0]?.id);
        } else setProblem(error);
      },
    });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <input type="hidden" autoComplete="username" name="username" value={email} />
      <Field
        label={text("signIn.password")}
        type="password"
        autoComplete="current-password"
        required
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {among.length > 0 ? (
        <fieldset className="grid gap-1 rounded-lg border border-line px-3 py-2">
          <legend className="px-1 font-medium">{text("signIn.organisation")}</legend>
          {among.map((each) => (
            <label key={each.id} className="flex min-h-9 items-center gap-2">
              <input
                type="radio"
                name="organisation"
                checked={organisation === each.id}
                onChange={() => setOrganisation(each.id)}
              />
              {each.name}
            </label>
          ))}
        </fieldset>
      ) : null}
      {needsCode ? <CodeField value={code} onChange={setCode} /> : null}
      {problem ? <SignInError error={problem} /> : null}
      <Button kind="primary" type="submit" busy={signIn.isPending}>
        {text("signIn.submit")}
      </Button>
    </form>
  );
}

function LinkButton({ email }: { email: string }) {
  const text = useText();
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/v1/auth/links", { body: { email } })),
  });
  if (ask.isSuccess) {
    return (
      <p role="status" className="m-0 rounded-lg bg-sunken px-4 py-3">
        {text("signIn.linkSent", { email })}
      </p>
    );
  }
  return (
    <>
      {ask.error ? <ErrorNote error={ask.error} /> : null}
      <Button busy={ask.isPending} onClick={() => ask.mutate()}>
        {text("signIn.sendLink")}
      </Button>
    </>
  );
}
