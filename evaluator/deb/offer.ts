// What an archive of debs says of groups and requests.
// Knows tasks and targets; does not know who asks, nor what is chosen.

import type { Offer } from "../asked.ts";
import { parseRequest, targetOf } from "./request.ts";
import type { Universe } from "./universe.ts";

/** Groups are tasks, as tasksel has them. */
export function debOffer(all: Universe): Offer {
  return {
    group: all.task,
    groups: all.tasks,
    isThere: (request) => !("missing" in targetOf(all, parseRequest(request))),
  };
}
