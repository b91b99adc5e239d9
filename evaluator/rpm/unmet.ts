// Build requirements of rpms that cannot be met: each tried alone, beside all else that the build has anyway.
// Knows what one package needs; does not know what is built, nor where the need is written.

import { linesOf } from "../deb/stanza.ts";
import type { Unmet } from "../resolution.ts";
import { explainUnmet } from "./explanation.ts";
import { simplesOf } from "./relation.ts";
import { answersTo, gatherRequests, type Request } from "./request.ts";
import { chooseAnswers, type Question } from "./resolve.ts";
import type { Universe } from "./universe.ts";

/**
 * Of what a local package needs all that nothing satisfies, and all that cannot be installed; nothing where these only
 * exclude each other, or the rest cannot be had either. `needs` is one of the requests.
 */
export function unmetNeeds(universe: Universe, question: Question, needs: string): Unmet[] {
  const requests = question.requests.filter((text) => text !== needs);
  const rest = gatherRequests(requests, question.base, question.members).map((request) =>
    answersTo(universe, request),
  );
  const [pkg] = universe.named(needs);
  if (pkg === undefined || !chooseAnswers(universe, rest, false).ok) return [];
  return linesOf(pkg.stanza, "Requires").flatMap((text) => {
    const name = `the build of ${needs}`;
    const stanza = { Package: needs, Version: pkg.version, Requires: `\n ${text}`, Provides: "", Files: "" };
    const outside = universe.outside(stanza, name);
    const request: Request = { by: "request", text: name, relation: { name }, outside: true };
    const choice = chooseAnswers(universe, [...rest, { request, packages: [outside] }], false);
    if (choice.ok) return [];
    const [need] = outside.requires;
    const isThere = need && [...simplesOf(need.relation)].some((one) => universe.providers(one).length > 0);
    if (need && !isThere) return [{ text, ...explainUnmet(universe, need.relation) }];
    const { explanation, hint } = choice;
    const told = explanation.filter((line) => !line.startsWith(name));
    return [{ text, explanation: told, ...(hint !== undefined && { hint }) }];
  });
}
