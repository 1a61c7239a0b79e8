import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError, api, unwrap } from "@/api/client";
import { useText } from "@/i18n";
import { Button } from "@/kit";
import { CodeField, SignInError } from "./code-field";
import { useEntry } from "./entry";
import { Front } from "./front";

/**
 * Asks before a link is used up, as programs that preview links open them, too. Where the link
 * stands for a password, somebody with a second factor is asked for it.
 */
export function SignInByLink() {
  const text = useText();
  const { token } = useParams({ strict: false });
  const enter = useEntry("/");
  const [code, setCode] = useState("");
  const [needsCode, setNeedsCode] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const signIn = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/auth/link", {
          body: { token: token ?? "", ...(code.trim() ? { code: code.trim() } : {}) },
        }),
      ),
    onMutate: () => setProblem(null),
    onSuccess: enter,
    onError: (error) => {
      const wantsCode = error instanceof ApiError && error.code === "second_factor_required";
      if (wantsCode && !needsCode) setNeedsCode(true);
      else setProblem(error);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  const isUsed = problem instanceof ApiError && problem.code === "invalid_sign_in_link";
  return (
    <Front title={text("signIn.title")}>
      <form onSubmit={submit} className="grid gap-4">
        <p className="m-0">{text(needsCode ? "signIn.linkNeedsCode" : "signIn.byLink")}</p>
        {needsCode ? <CodeField value={code} onChange={setCode} /> : null}
        {problem ? <SignInError error={problem} /> : null}
        {isUsed ? (
          <Link to="/sign-in" className="text-accent underline">
            {text("signIn.otherWay")}
          </Link>
        ) : (
          <Button kind="primary" type="submit" busy={signIn.isPending}>
            {text("signIn.submit")}
          </Button>
        )}
      </form>
    </Front>
  );
}
