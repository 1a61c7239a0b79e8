import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { me } from "@/api/queries";
import { useText } from "@/i18n";
import { Button, ErrorNote, Notice } from "@/kit";
import { clientAddress, nameOf, withToken } from "./client-address";

/** Asks before a client of Matrix, which has sent the browser here, is let in. */
export function ConnectPage() {
  const text = useText();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { to?: unknown };
  const { data: who } = useQuery(me);
  const address = clientAddress(search.to);
  const connect = useMutation({
    mutationFn: async () => {
      if (!address) return;
      const { token } = await unwrap(api.POST("/v1/auth/hand-over"));
      window.location.assign(withToken(address, token));
    },
  });
  const leave = () => void navigate({ to: "/" });
  return (
    <div className="mx-auto flex w-full max-w-xl flex-col gap-5 px-3 py-4 md:px-6 md:py-8">
      <h1 className="m-0 text-2xl font-semibold tracking-tight">{text("connect.title")}</h1>
      {address ? (
        <>
          <p className="m-0">
            {text("connect.asks", { name: who?.person?.name ?? "", client: nameOf(address) })}
          </p>
          <p className="m-0 text-ink-soft">{text("connect.beware")}</p>
          {connect.error ? <ErrorNote error={connect.error} /> : null}
          {connect.isSuccess ? <Notice>{text("connect.done")}</Notice> : null}
          <div className="flex flex-wrap justify-end gap-2">
            <Button kind="quiet" onClick={leave}>
              {text("connect.refuse")}
            </Button>
            <Button
              kind="primary"
              busy={connect.isPending}
              disabled={connect.isSuccess}
              onClick={() => connect.mutate()}
            >
              {text("connect.allow")}
            </Button>
          </div>
        </>
      ) : (
        <Notice>{text("connect.nowhere")}</Notice>
      )}
    </div>
  );
}
