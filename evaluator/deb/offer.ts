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
  return {
    group(name) {
      const members = all.task(name);
      const own = `${taskPrefix}${name}`;
      return members.length > 0 || all.package(own, native) === undefined ? members : [own];
    },
    groups() {
      const own = [...all.names()].filter((name) => name.startsWith(taskPrefix));
      return [...new Set([...all.tasks(), ...own.map((name) => name.slice(taskPrefix.length))])].sort();
    },
    isThere: (request) => !("missing" in targetOf(all, parseRequest(request))),
  };
}

const taskPrefix = "task-";
