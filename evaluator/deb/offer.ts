// What an archive of debs says of groups and requests.
// Knows tasks and targets; does not know who asks, nor what is chosen.

import type { Offer } from "../asked.ts";
import { parseRequest, targetOf } from "./request.ts";
import type { Universe } from "./universe.ts";

/**
 * Groups are tasks: the packages whose `Task` field names one, as apt's `task^` takes them (Ubuntu's archive), or where
 * none does tasksel's own package for it, `task-NAME` (Debian's).
 */
export function debOffer(all: Universe): Offer {
  const [native = ""] = all.architectures;
  const isThere = (request: string) => !("missing" in targetOf(all, parseRequest(request)));
  return {
    group(name) {
      const members = all.task(name);
      if (members.length > 0) return members;
      const own = `${taskPrefix}${name}`;
      return all.package(own, native) === undefined ? undefined : [own];
    },
    groups() {
      const own = [...all.names()].filter((name) => name.startsWith(taskPrefix));
      return [...new Set([...all.tasks(), ...own.map((name) => name.slice(taskPrefix.length))])].sort();
    },
    isThere,
    isCalled: isThere,
  };
}

const taskPrefix = "task-";
