import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useText } from "@/i18n";
import { Card, ErrorNote, PageHead, Select, Skeleton } from "@/kit";
import { Table } from "@/kit/table";
import { ask } from "./ask";
import type { EmailMode, KindPreference, PreferenceChanges, Preferences } from "./model";
import { PushCard } from "./push-card";
import { notificationPreferences } from "./queries";
import { QuietHours } from "./quiet-hours";

const MAILS: EmailMode[] = ["off", "now", "hourly", "daily"];

/** Of what a person wants to hear, by which way, and when not. */
export function NotificationPreferencesPage() {
  const text = useText();
  const queries = useQueryClient();
  const found = useQuery(notificationPreferences);
  const change = useMutation({
    mutationFn: (changes: PreferenceChanges) =>
      ask<Preferences>("PATCH", "notification-preferences", changes),
    onSuccess: (now) => queries.setQueryData(notificationPreferences.queryKey, now),
  });
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-5 px-3 py-4 md:px-6 md:py-8">
      <PageHead
        title={text("inbox.preferences")}
        back={{ to: "/notifications", name: text("nav.inbox") }}
      />
      {found.error ? <ErrorNote error={found.error} retry={() => void found.refetch()} /> : null}
      {change.error ? <ErrorNote error={change.error} /> : null}
      {found.isPending ? <Skeleton className="h-80 w-full" /> : null}
      {found.data ? (
        <>
          <Kinds preferences={found.data} onChange={(kind) => change.mutate({ kinds: [kind] })} />
          <QuietHours
            preferences={found.data}
            isSaved={change.isSuccess}
            onChange={(changes) => change.mutate(changes)}
          />
          {found.data.push_available && found.data.push_public_key ? (
            <PushCard publicKey={found.data.push_public_key} />
          ) : null}
        </>
      ) : null}
    </div>
  );
}

interface KindsProps {
  preferences: Preferences;
  onChange: (kind: Partial<KindPreference> & { kind: string }) => void;
}

function Kinds({ preferences, onChange }: KindsProps) {
  const text = useText();
  return (
    <Card title={text("inbox.kinds")}>
      {preferences.mail_available ? null : (
        <p className="m-0 rounded-lg bg-sunken px-4 py-3">{text("inbox.noMail")}</p>
      )}
      <Table
        label={text("inbox.kinds")}
        columns={[
          text("inbox.what"),
          text("inbox.inApp"),
          text("inbox.email"),
          ...(preferences.push_available ? [text("inbox.push")] : []),
        ]}
      >
        {preferences.kinds.map((each) => (
          <tr key={each.kind}>
            <th scope="row" className="min-w-40 font-medium">
              {each.label}
              {each.security ? (
                <span className="block text-sm font-normal text-ink-soft">
                  {text("inbox.security")}
                </span>
              ) : null}
            </th>
            <td>
              <Box
                label={`${text("inbox.inApp")}: ${each.label}`}
                checked={each.in_app}
                disabled={each.security}
                onChange={(in_app) => onChange({ kind: each.kind, in_app })}
              />
            </td>
            <td>
              <Select
                label={`${text("inbox.email")}: ${each.label}`}
                value={each.email}
                options={MAILS.map((value) => ({ value, label: text(`inbox.email.${value}`) }))}
                onChange={(email) => onChange({ kind: each.kind, email: email as EmailMode })}
              />
            </td>
            {preferences.push_available ? (
              <td>
                <Box
                  label={`${text("inbox.push")}: ${each.label}`}
                  checked={each.push}
                  onChange={(push) => onChange({ kind: each.kind, push })}
                />
              </td>
            ) : null}
          </tr>
        ))}
      </Table>
    </Card>
  );
}

interface BoxProps {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

function Box({ label, checked, disabled, onChange }: BoxProps) {
  return (
    <input
      type="checkbox"
      aria-label={label}
      checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
      className="size-6 accent-accent"
    />
  );
}
