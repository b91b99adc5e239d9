// Who of some sources is built with whom, for who chooses among them.
// Pure. Knows what their texts say, and what those that are built turned out to provide; plans nothing.

import type { Made } from "../distro/package.ts";
import { declaredBy, giversIn, type Language } from "./language.ts";
import { type Member, metBefore } from "./together.ts";

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
    const files = neededBy(member, members, language, made);
    return files && ([member.file, files] as const);
  });
  return needs.includes(undefined) ? undefined : new Map(needs.flatMap((one) => (one ? [one] : [])));
}

function neededBy(
  member: Member,
  members: readonly Member[],
  language: Language,
  made: ReadonlyMap<string, readonly Made[]>,
): readonly string[] | undefined {
  const rest = members.filter((one) => one !== member);
  const asks = member.isLost ? [] : member.asks();
  const better = asks?.map((text) => metBefore(text, rest, { member, language }));
  if (asks === undefined || better === undefined || better.includes(undefined)) return undefined;
  const wanted = asks.filter((_, i) => better[i] !== true);
  const isDeclared = (text: string) => rest.some((one) => declaredBy(one, language)(text));
  const late = wanted.filter((text) => language.isSimple(text) && !isDeclared(text));
  const givenBy = (one: Member) => {
    const givers = giversIn(made.get(one.file) ?? [], language);
    return (text: string) => givers(text).length > 0;
  };
  // What the distribution has is not looked for among the others.
  const given = late.filter((text) => rest.some((one) => givenBy(one)(text)));
  const met = given.length === 0 ? new Set<string>() : member.metOf(given);
  if (met === undefined) return undefined;
  const open = given.filter((text) => !met.has(text));
  return rest
    .filter(
      (one) =>
        member.names.includes(one.file) || wanted.some(declaredBy(one, language)) || open.some(givenBy(one)),
    )
    .map(({ file }) => file);
}
