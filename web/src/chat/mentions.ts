// Who is spoken to in a text: `@` and a name as it is written in the room.

export interface Person {
  id: string;
  name: string;
  isGroup?: boolean;
}

export const ALL = "all";
export const HERE = "here";
const CHOICES_MAX = 8;

/** What is being typed behind an `@` before the caret, and where it begins; null if nothing is. */
export function typedMention(text: string, caret: number): { from: number; query: string } | null {
  const found = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(text.slice(0, caret));
  if (!found) return null;
  const query = found[1] ?? "";
  return { from: caret - query.length - 1, query };
}

/** The people whose names fit what was typed: beginnings of words, earlier ones first. */
export function fitting(people: readonly Person[], query: string): Person[] {
  const wanted = fold(query);
  const rank = ({ name }: Person) => {
    const folded = fold(name);
    if (folded.startsWith(wanted)) return 0;
    return folded.split(/\s+/).some((word) => word.startsWith(wanted)) ? 1 : 2;
  };
  return people
    .map((person) => ({ person, rank: rank(person) }))
    .filter((each) => each.rank < 2)
    .sort((one, other) => one.rank - other.rank || one.person.name.localeCompare(other.person.name))
    .slice(0, CHOICES_MAX)
    .map((each) => each.person);
}

/** Who is mentioned in a text, longer names before those that they begin with. */
export function mentionedIn(text: string, people: readonly Person[]): string[] {
  let rest = text;
  const found: string[] = [];
  const longest = [...people].sort((one, other) => other.name.length - one.name.length);
  for (const { id, name } of longest) {
    if (!name || !has(rest, name)) continue;
    found.push(id);
    rest = rest.replaceAll(`@${name}`, "");
  }
  return found;
}

/** Whom a text speaks to: people and groups by their ids, everybody, or those who are there. */
export function addressed(text: string, people: readonly Person[], mayReachAll: boolean) {
  const ids = new Set(mentionedIn(text, people));
  const named = people.filter((each) => ids.has(each.id));
  const groups = mayReachAll ? named.filter((each) => each.isGroup).map((each) => each.id) : [];
  return {
    mentions: named.filter((each) => !each.isGroup).map((each) => each.id),
    groups,
    to_all: mayReachAll && has(text, ALL),
    to_here: mayReachAll && has(text, HERE),
  };
}

/** Whether a text speaks to everybody, to those who are there, or to a group. */
export function speaksToMany(text: string, people: readonly Person[]): boolean {
  const ids = mentionedIn(text, people);
  return (
    has(text, ALL) ||
    has(text, HERE) ||
    people.some((each) => each.isGroup && ids.includes(each.id))
  );
}

function has(text: string, name: string): boolean {
  for (let at = text.indexOf(`@${name}`); at >= 0; at = text.indexOf(`@${name}`, at + 1)) {
    const before = text[at - 1];
    const after = text[at + 1 + name.length];
    if (!(before && /[\p{L}\p{N}]/u.test(before)) && !(after && /[\p{L}\p{N}]/u.test(after))) {
      return true;
    }
  }
  return false;
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
