import { useQuery } from "@tanstack/react-query";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { Card } from "@/kit";
import { Passkeys } from "./passkeys";
import { PasswordForm } from "./password";
import { PersonalData } from "./personal-data";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";
import { Settings } from "./settings";

/** All about oneself: settings, ways to sign in, sessions. */
export function AccountPage() {
  const text = useText();
  const { data: who } = useQuery(me);
  return (
    <div className="mx-auto flex w-full max-w-2xl flex-col gap-5 px-3 py-4 md:px-6 md:py-8">
      <h1 className="m-0 text-2xl font-semibold tracking-tight">{text("nav.account")}</h1>
      {who?.account && !who.account.can_change_sign_in ? (
        <p className="m-0 rounded-lg bg-sunken px-4 py-3">{text("account.again")}</p>
      ) : null}
      {who?.person ? <Settings person={who.person} /> : null}
      <PasswordForm />
      <Passkeys />
      {who?.account?.has_password ? <SecondFactor /> : null}
      <Sessions />
      {who?.person ? (
        <Card title={text("data.title")}>
          <PersonalData
            personId={null}
            email={who.person.email}
            mayExport
            mayErase
            // Nothing of this page is theirs any more: everything begins anew.
            onErased={() => window.location.assign("/sign-in")}
          />
        </Card>
      ) : null}
    </div>
  );
}
