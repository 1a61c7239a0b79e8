import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { topicList } from "./queries";

/** What happens to a topic: see `NewEvent` of the API. */
type Change = Pick<Schema["NewEvent"], "topic" | "target" | "from_topic" | "since" | "is_resolved">;

/** Move messages between topics, or mark a topic. Nothing shows before the log has it. */
export function useTopicChange(room: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Change) =>
      unwrap(
        api.POST("/v1/rooms/{room_id}/events", {
          params: { path: { room_id: room } },
          body: {
            client_key: crypto.randomUUID(),
            device: "default",
            kind: "topic",
            text: "",
            to_all: false,
            to_here: false,
            on: true,
            ...change,
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: topicList(room).queryKey }),
  });
}

/** Go on to the topic of today from a link to a name that it had before. */
export function useRenamedTopic(room: string, topic: string | undefined): void {
  const navigate = useNavigate();
  const { data: topics } = useQuery({ ...topicList(room), enabled: topic !== undefined });
  const isThere = topics?.some((each) => each.name === topic);
  const renamed = isThere
    ? undefined
    : topics?.find((each) => each.former_names.includes(topic ?? ""))?.name;
  useEffect(() => {
    if (renamed === undefined) return;
    void navigate({
      to: "/chat/$roomId",
      params: { roomId: room },
      search: (now) => ({ ...now, topic: renamed }),
      replace: true,
    });
  }, [navigate, room, renamed]);
}
