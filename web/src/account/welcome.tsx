import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { Button } from "@/kit";
import { Passkeys } from "./passkeys";
import { PasswordForm } from "./password";
import { skipWelcome } from "./wants-welcome";

/** The first thing after a sign-in by link: a password or passkey, to come back without a link. */
export function WelcomePage() {
  const text = useText();
  const navigate = useNavigate();
  const { data: who } = useQuery(me);
  const leave = () => {
    skipWelcome();
    void navigate({ to: "/translate" });
  };
  const isDone = who?.account?.has_password || (who?.account?.passkeys ?? 0) > 0;
  return (
    <div className="mx-auto flex w-full max-w-xl flex-col gap-5 px-3 py-4 md:px-6 md:py-8">
      <h1 className="m-0 text-2xl font-semibold tracking-tight">
        {text("welcome.title", { name: who?.person?.name ?? "" })}
      </h1>
      <p className="m-0 text-ink-soft">{text("welcome.about")}</p>
      <Passkeys />
      <PasswordForm />
      <div className="flex justify-end">
        <Button kind={isDone ? "primary" : "quiet"} onClick={leave}>
          {text(isDone ? "welcome.go" : "welcome.skip")}
        </Button>
      </div>
    </div>
  );
}
