import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { readPrograms } from "../api";
import type { Chat } from "../chat";

export type Program = Schema["RoomProgram"];
export type Tried = Schema["Tried"];

const KEY = ["chat", "programs"];

/** The programs of a room, deleted ones at the end. */
export const programList = (room: string) =>
  queryOptions({
    queryKey: [...KEY, "of", room],
    staleTime: 0,
    queryFn: () => readPrograms(room),
  });

/** Programs to begin with. */
export const templateList = queryOptions({
  queryKey: ["chat", "program-templates"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: () => unwrap(api.GET("/v1/program-templates")),
});

const at = (program_id: string) => ({ path: { program_id } });

/** A program with its source, and how far it is. */
export const programById = (id: string) =>
  queryOptions({
    queryKey: [...KEY, id],
    staleTime: 0,
    queryFn: () => unwrap(api.GET("/v1/programs/{program_id}", { params: at(id) })),
  });

/** The versions of a program, the newest first. */
export const versionList = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...KEY, id, "versions"],
    staleTime: 0,
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/programs/{program_id}/versions", {
          params: { ...at(id), query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** What went wrong with a program, the newest first. */
export const entryList = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...KEY, id, "log"],
    staleTime: 0,
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/programs/{program_id}/log", {
          params: { ...at(id), query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Put a program into a room. */
export const attach = (room_id: string, body: Schema["NewProgram"]): Promise<Program> =>
  unwrap(api.POST("/v1/rooms/{room_id}/programs", { params: { path: { room_id } }, body }));

/** Let another source run from here on. */
export const addVersion = (id: string, body: Schema["NewVersion"]): Promise<Program> =>
  unwrap(api.POST("/v1/programs/{program_id}/versions", { params: at(id), body }));

/** The source of a version. */
export const readVersion = (id: string, number: number): Promise<Schema["ProgramVersion"]> =>
  unwrap(
    api.GET("/v1/programs/{program_id}/versions/{number}", {
      params: { path: { program_id: id, number } },
    }),
  );

/** Let a version run, an earlier one perhaps, also after a pause or a stop. */
export const activate = (id: string, body: Schema["Activation"]): Promise<Program> =>
  unwrap(api.PUT("/v1/programs/{program_id}/activation", { params: at(id), body }));

/** Let a program stand still. */
export const pause = (id: string): Promise<Program> =>
  unwrap(api.DELETE("/v1/programs/{program_id}/activation", { params: at(id) }));

/** Change a program's name, or what it may do. */
export const changeProgram = (id: string, body: Schema["ProgramChanges"]): Promise<Program> =>
  unwrap(api.PATCH("/v1/programs/{program_id}", { params: at(id), body }));

/** Take a program out of its room. */
export const deleteProgram = (id: string): Promise<unknown> =>
  unwrap(api.DELETE("/v1/programs/{program_id}", { params: at(id) }));

/** Feed the last events of the room to a source; nothing comes of it. */
export const tryProgram = (id: string, body: Schema["NewTrial"]): Promise<Tried> =>
  unwrap(api.POST("/v1/programs/{program_id}/trials", { params: at(id), body }));

/** Ask for all about programs anew. */
export const programsChanged = (queries: QueryClient) =>
  queries.invalidateQueries({ queryKey: KEY });

/** Ask anew for all about programs as soon as the room's log tells that one changed. */
export function useProgramNews(chat: Chat, room: string): void {
  const queries = useQueryClient();
  useEffect(
    () =>
      chat.follow(
        {
          room,
          heard: (events) => {
            if (events.some((each) => each.kind === "program")) void programsChanged(queries);
          },
          annotated: () => undefined,
          polled: () => undefined,
        },
        chat.tail(room).head,
      ),
    [chat, room, queries],
  );
}
