import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { savedList } from "./queries";

export type Saving =
  | { room: string; number: number; remindAt: Date | null }
  | { room: string; number: number; isGivenUp: true };

/** Keep messages in the list of saved ones, with a reminder or without, or no longer. */
export function useSaving() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (saving: Saving) => {
      const params = { path: { room_id: saving.room, number: saving.number } };
      const path = "/v1/rooms/{room_id}/messages/{number}/saved";
      if ("isGivenUp" in saving) await unwrap(api.DELETE(path, { params }));
      else {
        const remind_at = saving.remindAt?.toISOString() ?? null;
        await unwrap(api.PUT(path, { params, body: { remind_at } }));
      }
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: savedList.queryKey }),
  });
}
