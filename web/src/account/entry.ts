import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { me } from "@/api/queries";

/** What ends every sign-in: the client knows who it is now, and nothing of before. */
export function useEntry(next: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async (who: Schema["Me"]) => {
    queries.clear();
    queries.setQueryData(me.queryKey, who);
    // In the place of the sign-in: its address may hold a secret, and nobody goes back to it.
    await navigate({ href: next, replace: true });
  };
}
