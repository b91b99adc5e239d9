// Who of some sources is built with whom, for who chooses among them.
// Pure. Knows what their texts say, what building them turns out to ask for, and what those that are built turned out to
// provide; does not know how anything is planned.

import { lost } from "../../evaluator/refusals.ts";
import type { Made } from "../distro/package.ts";
import { declaredBy, giversIn, type Language } from "./language.ts";
import { type Asked, type GoesOn, type Member, metBefore, planTogether, undeclared } from "./together.ts";

export interface Needs {
  /** Of each, the files of the others that it is built with. */
  readonly of: ReadonlyMap<string, readonly string[]>;
  /** Whether somebody is still to be asked what building it takes. */
  readonly isOpen: boolean;
}

/**
 * Who is built with whom by the rules of {@link planTogether}: as far as texts tell, and what is `made` already. Undefined
 * while a text is open.
 *
 * Whose text does not say it all is asked, with those that it needs for that, and no further than what its text's and the
 * others' words and the distribution give: what it asks for then is here by whom it is `made`, or by nobody.
 */
export function needsAmong(
  members: readonly Member[],
  language: Language,
  made: ReadonlyMap<string, readonly Made[]>,
): Needs | undefined {
  const needs = members.map((member) => {
    const own = neededBy({ member, members, language, made });
    return own && ([member.file, own] as const);
  });
  if (needs.includes(undefined)) return undefined;
  const known = needs.flatMap((one) => (one ? [one] : []));
  return {
    of: new Map(known.map(([file, { files }]) => [file, files])),
    isOpen: known.some(([, { isOpen }]) => isOpen),
  };
}

interface Among {
  readonly member: Member;
  readonly members: readonly Member[];
  readonly language: Language;
  readonly made: ReadonlyMap<string, readonly Made[]>;
}

interface Needed {
  readonly files: readonly string[];
  readonly isOpen: boolean;
}

function neededBy(among: Among): Needed | undefined {
  const { member, members } = among;
  const asked: Asked | undefined = member.isLost ? { texts: [] } : member.asks();
  const meant = asked && meantBy(asked.texts, among);
  if (asked === undefined || meant === undefined) return undefined;
  const more = asked.more ? askedMore(asked.texts, asked.more, among) : [];
  const late = more && meantBy(more, among);
  const files = [...member.names, ...meant, ...(late ?? [])];
  return {
    files: members.flatMap(({ file }) => (file !== member.file && files.includes(file) ? [file] : [])),
    isOpen: late === undefined,
  };
}

/** Files of those of the others that requirements mean; undefined while that is open. */
function meantBy(
  texts: readonly string[],
  { member, members, language, made }: Among,
): readonly string[] | undefined {
  const rest = members.filter((one) => one !== member);
  const better = texts.map((text) => metBefore(text, rest, { member, language }));
  if (better.includes(undefined)) return undefined;
  const wanted = texts.filter((_, i) => better[i] !== true);
  // What the distribution has is not looked for among the others.
  const givers = rest.map((one) => giversIn(made.get(one.file) ?? [], language));
  const parts = wanted.flatMap((text) => (language.isSimple(text) ? [text] : language.partsOf(text)));
  const given = undeclared(parts, rest, language).filter((text) =>
    givers.some((giversOf) => giversOf(text).length > 0),
  );
  const open = unmet(given, member);
  const isMeant = (one: Member, i: number) =>
    wanted.some(declaredBy(one, language)) || open?.some((text) => (givers[i]?.(text).length ?? 0) > 0);
  return open && rest.filter(isMeant).map(({ file }) => file);
}

/** What building it asks for; undefined while that is open, nothing where nobody lets it be asked. */
function askedMore(
  texts: readonly string[],
  more: NonNullable<Asked["more"]>,
  among: Among,
): readonly string[] | undefined {
  const { member, members, language, made } = among;
  const rest = members.filter((one) => one !== member);
  const unknown = unmet(undeclared(texts, rest, language), member);
  if (unknown === undefined) return undefined;
  // All of them have to be made to find who has it, and not before those that are made anyway.
  if (unknown.length > 0 && made.size === 0) return [];
  const goesOn: GoesOn = (fresh) => {
    const left = unmet(undeclared(fresh, rest, language), member);
    return left && left.length === 0;
  };
  let found: readonly string[] | undefined;
  const asking: Member = {
    ...member,
    plan(localsFor) {
      const answer = more(localsFor, goesOn);
      if (answer !== lost) found = answer;
      return answer === lost ? lost : answer && [];
    },
  };
  const all = members.map((one) => (one === member ? asking : one));
  const { planned } = planTogether(all, language, [member.file]);
  // Why it cannot be asked is told where it is to be built.
  return planned.has(member.file) ? found : [];
}

/** What the distribution does not have of these; undefined while that is open. */
function unmet(texts: readonly string[], member: Member): readonly string[] | undefined {
  const met = texts.length === 0 ? new Set<string>() : member.metOf(texts);
  return met && texts.filter((text) => !met.has(text));
}
