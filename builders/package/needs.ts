// Who of some sources is built with whom, for who chooses among them.
// Pure. Knows what their texts say, and what those that are built turned out to provide; plans nothing.

import type { Made } from "../distro/package.ts";
import { declaredBy, giversIn, type Language } from "./language.ts";
import type { Member } from "./together.ts";

/**
 * Of each, the files of the others that it is built with, by the rules of {@link planTogether}: as far as texts tell, and
 * what is `made` already. Undefined while a text is open.
 */
export function needsAmong(
  members: readonly Member[],
  language: Language,
  made: ReadonlyMap<string, readonly Made[]>,
): ReadonlyMap<string, readonly string[]> | undefined {
  const needs = members.map((member) => {
    const asks = member.isLost ? [] : member.asks();
    const rest = members.filter((one) => one !== member);
    const undeclared = asks?.filter(
      (text) => language.isSimple(text) && !rest.some((one) => declaredBy(one, language)(text)),
    );
    const isGiven = (one: Member) => {
      const givers = giversIn(made.get(one.file) ?? [], language);
      return (text: string) => givers(text).length > 0;
    };
    const late = (undeclared ?? []).filter((text) => rest.some((one) => isGiven(one)(text)));
    const met = late.length === 0 ? new Set<string>() : member.metOf(late);
    const open = late.filter((text) => !met?.has(text));
    const files = rest.filter(
      (one) =>
        member.names.includes(one.file) || asks?.some(declaredBy(one, language)) || open.some(isGiven(one)),
    );
    return asks && met && ([member.file, files.map(({ file }) => file)] as const);
  });
  return needs.includes(undefined) ? undefined : new Map(needs.flatMap((one) => (one ? [one] : [])));
}
