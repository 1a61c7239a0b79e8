import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { api, unwrap } from "@/api/client";

/** What fields of a card say, by their names. */
export type Values = Readonly<Record<string, string>>;

interface Press {
  button: string;
  values: Values;
  key: string;
}

/** Presses buttons of a card. The same press, tried again after an error, counts once. */
export function usePress(room: string, number: number) {
  const last = useRef<Press | null>(null);
  const press = useMutation({
    mutationFn: ({ button, values, key }: Press) =>
      unwrap(
        api.POST("/v1/rooms/{room_id}/messages/{number}/presses", {
          params: { path: { room_id: room, number } },
          body: { client_key: key, button, values, device: "default" },
        }),
      ),
    onSuccess: () => {
      last.current = null;
    },
  });
  const begin = (button: string, values: Values, onSuccess: () => void) => {
    if (press.isPending) return;
    const isSame =
      last.current?.button === button &&
      JSON.stringify(last.current.values) === JSON.stringify(values);
    const key = isSame && last.current ? last.current.key : crypto.randomUUID();
    last.current = { button, values, key };
    press.mutate(last.current, { onSuccess });
  };
  return {
    begin,
    error: press.error,
    isPending: press.isPending,
    done: press.isSuccess,
    button: press.variables?.button,
  };
}
