import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { encode } from "uqr";
import { api, unwrap } from "@/api/client";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, Card, ErrorNote, Field } from "@/kit";

/** The second factor beside the password: a code from an app, and recovery codes. */
export function SecondFactor() {
  const text = useText();
  const queries = useQueryClient();
  const { data: who } = useQuery(me);
  const [code, setCode] = useState("");
  const changed = () => queries.invalidateQueries({ queryKey: me.queryKey });
  const begin = useMutation({ mutationFn: () => unwrap(api.POST("/v1/me/totp")) });
  const confirm = useMutation({
    mutationFn: () => unwrap(api.PUT("/v1/me/totp", { body: { code: code.trim() } })),
    onSuccess: changed,
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/v1/me/totp")),
    onSuccess: async () => {
      begin.reset();
      confirm.reset();
      setCode("");
      await changed();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  const error = begin.error ?? confirm.error ?? remove.error;
  const isOn = who?.account?.second_factor ?? false;
  return (
    <Card title={text("totp.title")} about={text("totp.about")}>
      {confirm.data ? (
        <div role="status" className="grid gap-2">
          <p className="m-0">{text("totp.recovery")}</p>
          <ul className="m-0 grid list-none grid-cols-2 gap-1 rounded-lg bg-sunken px-3 py-2 font-mono">
            {confirm.data.recovery_codes.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {isOn && !confirm.data ? (
        <p className="m-0">{text("totp.on", { count: who?.account?.recovery_codes_left ?? 0 })}</p>
      ) : null}
      {begin.data && !confirm.data ? (
        <form onSubmit={submit} className="grid gap-4">
          <p className="m-0">{text("totp.scan")}</p>
          <QrCode value={begin.data.uri} label={text("totp.qr")} />
          <code className="rounded-lg bg-sunken px-3 py-2 break-all">{begin.data.secret}</code>
          <Field
            label={text("totp.code")}
            autoComplete="one-time-code"
            inputMode="numeric"
            required
            maxLength={64}
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
          <div className="flex justify-end">
            <Button kind="primary" type="submit" busy={confirm.isPending}>
              {text("totp.turnOn")}
            </Button>
          </div>
        </form>
      ) : null}
      {error ? <ErrorNote error={error} /> : null}
      <div className="flex justify-end">
        {isOn ? (
          <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            {text("totp.turnOff")}
          </Button>
        ) : begin.data ? null : (
          <Button busy={begin.isPending} onClick={() => begin.mutate()}>
            {text("totp.begin")}
          </Button>
        )}
      </div>
    </Card>
  );
}

function QrCode({ value, label }: { value: string; label: string }) {
  const { data, size } = encode(value, { border: 3 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  // Black on white in both themes: many cameras do not read the reverse.
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      width={200}
      height={200}
      shapeRendering="crispEdges"
      className="rounded-lg"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
