import { useText } from "@/i18n";
import { LanguageMenu } from "@/shell/shell";

/** How to get in. */
export function SignIn() {
  const text = useText();
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center gap-5 px-4 py-10">
      <div className="absolute top-3 right-3">
        <LanguageMenu />
      </div>
      <img src="/icon.svg" alt="" width={56} height={56} />
      <h1 className="m-0 text-2xl font-semibold tracking-tight">{text("signIn.title")}</h1>
      <p className="m-0 text-ink-soft">{text("signIn.link")}</p>
      <pre className="m-0 overflow-x-auto rounded-lg bg-sunken px-3 py-2 text-sm">
        hanse user link NAME@EXAMPLE.ORG
      </pre>
      <p className="m-0">
        <a href="/docs" className="text-accent underline">
          {text("nav.apiDocs")}
        </a>
      </p>
    </main>
  );
}
