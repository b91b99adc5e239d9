// What repositories of rpms say of groups and requests.
// Knows their lists' groups and who answers a request; does not know who asks, nor what is chosen.

import type { Offer } from "../asked.ts";
import type { Compact } from "../compact.ts";
import { openWords } from "../words.ts";
import { answersTo, parseRequest } from "./request.ts";
import type { Universe } from "./universe.ts";

/**
 * Groups are those of comps, and environments, which stand for their groups. One that several repositories have asks for
 * what any of them says, and its packages may lie in any.
 */
export function rpmOffer(all: Universe, lists: readonly Compact[]): Offer {
  const groups = lists.map((list) => openWords(list, "groups"));
  const group = (name: string): readonly string[] | undefined => {
    const found = groups.flatMap((words) => words.get(name) ?? []);
    const isThere = found.length > 0 || groups.some((words) => words.get(name) !== undefined);
    return isThere ? [...new Set(found)].sort() : undefined;
  };
  /** Of an environment a group; what no repository has is passed over, as dnf does. */
  const opened = (member: string): readonly string[] =>
    member.startsWith("@")
      ? (group(member.slice(1)) ?? []).filter((text) => !text.startsWith("@"))
      : [member];
  return {
    group(name) {
      const members = group(name);
      return members && [...new Set(members.flatMap(opened))].sort();
    },
    groups: () => [...new Set(groups.flatMap((words) => [...words.keys()]))].sort(),
    isThere: (request) => answersTo(all, parseRequest(request)).packages.length > 0,
    isCalled: (name) => all.named(name).length > 0,
  };
}
