// Build dependencies that cannot be met: each tried alone, beside all else that the build has anyway.
// Knows what one package needs; does not know what is built, nor where the need is written.

import type { Unmet } from "../resolution.ts";
import { allReachedBy } from "./demand.ts";
import { explainUnmet } from "./explanation.ts";
import type { Demand, Version } from "./package.ts";
import { choose, type Question } from "./resolve.ts";
import type { Universe } from "./universe.ts";

/**
 * Of what a local package needs all that nothing satisfies, and all that cannot be installed; nothing where these only
 * exclude each other, or the rest cannot be had either. `needs` is one of the requests.
 */
export function unmetNeeds(universe: Universe, question: Question, needs: string): Unmet[] {
  const rest = { ...question, requests: question.requests.filter((text) => text !== needs) };
  const [version] = universe.group(needs).flatMap(({ versions }) => versions);
  if (version === undefined || !choose(universe, rest).ok) return [];
  const wanted = version.demands.filter(({ kind }) => kind === "Depends");
  return wanted.flatMap((demand) => unmet(universe, rest, { version, demand }) ?? []);
}

function unmet(
  universe: Universe,
  rest: Question,
  { version, demand }: { readonly version: Version; readonly demand: Demand },
): Unmet | undefined {
  const { text, alternatives } = demand;
  if (allReachedBy(universe, version, demand).length === 0)
    return { text, ...explainUnmet(universe, alternatives) };
  // One of another architecture asks for its own packages, which nobody outside of the lists can.
  if (![universe.architectures[0], "all"].includes(version.architecture)) return undefined;
  const outside = universe.outside({ ...version, demands: [{ kind: "Depends", text, alternatives }] });
  const choice = choose(universe, { ...rest, outside });
  if (choice.ok) return undefined;
  const { explanation, hint } = choice;
  const own = `${version.name} ${version.version} `;
  const told = explanation.filter((line) => !line.startsWith(own));
  return { text, explanation: told, ...(hint !== undefined && { hint }) };
}
