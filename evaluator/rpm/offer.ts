// What repositories of rpms say of groups and requests.
// Knows their lists' groups and who answers a request; does not know who asks, nor what is chosen.

import type { Offer } from "../asked.ts";
import type { Compact } from "../compact.ts";
import { openStanzas } from "../stanzaindex.ts";
import { answersTo, parseRequest } from "./request.ts";
import type { Universe } from "./universe.ts";

/** Groups are those of comps. */
export function rpmOffer(all: Universe, lists: readonly Compact[]): Offer {
  const inGroup = (name: string) =>
    lists.flatMap((list) => {
      const { nameAt } = openStanzas(list);
      return list.table("tasks").get(name).map(nameAt);
    });
  return {
    group: (name) => [...new Set(inGroup(name))].sort(),
    groups: () => [...new Set(lists.flatMap((list) => [...list.table("tasks").keys()]))].sort(),
    isThere: (request) => answersTo(all, parseRequest(request)).packages.length > 0,
  };
}
