import { ApiError } from "@/api/client";
import { useText } from "@/i18n";
import { ErrorNote, Field, Notice } from "@/kit";

/** The second factor: a code from the app, or a recovery code. */
export function CodeField({
  value,
  onChange,
}: {
  value: string;
  onChange: (code: string) => void;
}) {
  const text = useText();
  return (
    <Field
      label={text("signIn.code")}
      hint={text("signIn.codeHint")}
      autoComplete="one-time-code"
      required
      autoFocus
      maxLength={64}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** Why somebody was not let in. */
export function SignInError({ error }: { error: unknown }) {
  const text = useText();
  const code = error instanceof ApiError ? error.code : "";
  if (code === "second_factor_required") return <Notice>{text("signIn.wrongCode")}</Notice>;
  if (code === "wrong_credentials") return <Notice>{text("signIn.refused")}</Notice>;
  if (code === "invalid_sign_in_link") return <Notice>{text("signIn.linkUsed")}</Notice>;
  return <ErrorNote error={error} />;
}
