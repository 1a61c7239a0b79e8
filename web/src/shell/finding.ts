import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { peopleFound } from "@/admin/groups/queries";
import { api, unwrap } from "@/api/client";
import { glossaries } from "@/api/queries";
import type { IconName } from "@/kit/icons";

const FOUND_MAX = 5;

/** Something of the organisation that the command palette leads to. */
export interface Thing {
  key: string;
  name: string;
  about: string;
  icon: IconName;
  /** Its address in the client. */
  href: string;
}

interface Source {
  /** What somebody must be allowed to find it, and to open what was found. */
  permission: string;
  find: (query: string, queries: QueryClient) => Promise<Thing[]>;
}

const SOURCES: Source[] = [
  { permission: "people:write", find: findPeople },
  { permission: "groups:read", find: findGroups },
  { permission: "glossaries:read", find: findGlossaries },
];

/** A few people, groups and glossaries by some letters, of those that somebody may open. */
export const things = (query: string, permissions: readonly string[], queries: QueryClient) =>
  queryOptions({
    queryKey: ["things", query],
    enabled: query !== "",
    staleTime: 10_000,
    queryFn: async () => {
      const sources = SOURCES.filter((each) => permissions.includes(each.permission));
      return (await Promise.all(sources.map((each) => each.find(query, queries)))).flat();
    },
  });

async function findPeople(query: string, queries: QueryClient): Promise<Thing[]> {
  const found = await queries.ensureQueryData(peopleFound(query));
  return found.slice(0, FOUND_MAX).map(({ id, name, about }) => ({
    key: id,
    name,
    about,
    icon: "person",
    href: `/admin/people?${new URLSearchParams({ find: about })}`,
  }));
}

async function findGroups(query: string): Promise<Thing[]> {
  const page = await unwrap(
    api.GET("/v1/groups", { params: { query: { query, limit: FOUND_MAX } } }),
  );
  return page.items.map(({ id, name, description }) => ({
    key: id,
    name,
    about: description,
    icon: "group",
    href: `/admin/groups/${id}`,
  }));
}

async function findGlossaries(query: string, queries: QueryClient): Promise<Thing[]> {
  const all = await queries.ensureQueryData(glossaries);
  return all
    .filter((each) => each.name.toLowerCase().includes(query.toLowerCase()))
    .slice(0, FOUND_MAX)
    .map(({ glossary_id, name }) => ({
      key: glossary_id,
      name,
      about: "",
      icon: "book",
      href: `/admin/glossaries/${glossary_id}`,
    }));
}
