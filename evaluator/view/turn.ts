// The loop's second turn: what to ask for so that all that building takes is there, and nothing else.
// Knows that a request may lead elsewhere than to what was chosen; does not know what was built, nor who writes it down.

import { packageKey } from "../lock.ts";
import { type Party, partiesOf } from "./party.ts";
import type { Member, ViewSupply } from "./supply.ts";

export interface TurnMeans {
  /** Of those that the closures were chosen from. */
  readonly rivals: ViewSupply["rivals"];
  /** Without packages of manifests: what is asked for is written down, and those are not. */
  readonly supply: ViewSupply;
  /** What it will be asked for on. */
  readonly environment: readonly string[];
  /** By its key: whether it is there already, and whether only building takes it. */
  readonly isKnown: (key: string) => boolean;
  readonly isTool: (key: string) => boolean;
}

/**
 * Of each set that can be installed together the packages that only building takes, and that no earlier one has. What
 * these need may be met by others than those that they were built with: then all of the set is asked for.
 *
 * @param closures of the builds, in an order that decides
 */
export function secondTurn(closures: readonly ReadonlySet<Member>[], means: TurnMeans): readonly string[][] {
  return partiesOf(closures, means.rivals).flatMap((party) => {
    const own = party.own.filter((member) => means.isTool(packageKey(member)));
    return own.length === 0 ? [] : [requestsFor(own, party, means)];
  });
}

function requestsFor(own: readonly Member[], party: Party<Member>, means: TurnMeans): string[] {
  const { supply, environment, isKnown } = means;
  const asked = (members: Iterable<Member>) =>
    [...members]
      .filter(({ origin }) => origin !== "local")
      .map(supply.request)
      .sort();
  const requests = asked(own);
  const choice = supply.choose({ requests, base: environment, recommends: false });
  const stays = choice.ok && [...choice.members].every((member) => isKnown(packageKey(member)));
  return stays ? requests : asked(party.members);
}
