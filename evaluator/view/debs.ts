// A view's packages where they are debs.
// Knows how apt's rules answer what a view asks; does not know what it asks for.

import { nameIn } from "../chain.ts";
import { type BuildPart, buildRelations } from "../deb/builddepends.ts";
import { type Answer, reasonsIn } from "../deb/closure.ts";
import { allReachedBy } from "../deb/demand.ts";
import { debOffer } from "../deb/offer.ts";
import { type Demand, type Described, isHard, isNegative, type Version } from "../deb/package.ts";
import { packagesIndex } from "../deb/packages.ts";
import { formatGroup, type Relation } from "../deb/relation.ts";
import { gatherRequests, parseRequest, targetOf } from "../deb/request.ts";
import { choose } from "../deb/resolve.ts";
import { fieldOf, formatStanzas, type Stanza } from "../deb/stanza.ts";
import { type Universe, universe } from "../deb/universe.ts";
import { compareVersions } from "../deb/version.ts";
import { lockKey } from "../lock.ts";
import type { Source } from "../question.ts";
import type { FindSource } from "../sourcelist.ts";
import type { Chosen, Member, ViewPackages, ViewSupply, Wanted } from "./supply.ts";

export function debSupply(all: Universe, source: FindSource): ViewSupply {
  return {
    source,
    compareVersions,
    ...debOffer(all),
    choose: (wanted) => chosenIn(all, wanted),
    rivals: (member) => rivalsOf(all, member as Version),
    request: (member) => requestFor(all, member),
    part: ({ architecture }) => (architecture === "all" ? "indep" : "arch"),
    build(stanza, part) {
      const described = buildAsPackage(stanza, all.architectures[0] ?? "", part);
      const outside = all.outside(described);
      return {
        requirements: described.demands.map(({ kind, text }) => (kind === "Depends" ? text : `not ${text}`)),
        choose: (base) => chosenIn(all, { requests: [], base, recommends: false }, outside),
      };
    },
  };
}

function chosenIn(all: Universe, wanted: Wanted, outside?: Version): Chosen {
  const choice = choose(all, { ...wanted, ...(outside && { outside }) });
  if (!choice.ok) return choice;
  const asked = choice.answers.filter(
    ({ request }) => request.by !== "base" && !request.outside && !request.brought,
  );
  const members = new Set(choice.versions);
  if (outside !== undefined) members.delete(outside);
  return { ok: true, members, required: new Set(asked.map(({ version }) => version)) };
}

function requestFor(all: Universe, member: Member): string {
  const plain = nameIn(member, all.architectures[0] ?? "");
  const target = targetOf(all, parseRequest(plain));
  const isIt = "version" in target && target.version.version === member.version;
  return isIt ? plain : `${plain} (= ${member.version})`;
}

/** Two versions of one package clash, too. */
function* rivalsOf(all: Universe, version: Version): Generator<Version> {
  for (const other of version.package.versions) if (other !== version) yield other;
  for (const demand of version.demands.filter((item) => isHard(item) && isNegative(item)))
    yield* allReachedBy(all, version, demand);
}

/**
 * What a build needs and must not meet, as one package that does: apt's way of `build-dep`, with `--arch-only` or
 * `--indep-only`.
 *
 * @throws {Fault} `unresolved/malformed-relation`
 */
function buildAsPackage(source: Stanza, architecture: string, part: BuildPart): Described {
  const { depends, conflicts } = buildRelations(source, {
    architecture,
    profiles: [],
    parts: [part],
  });
  const demand = (kind: Demand["kind"], alternatives: readonly Relation[]): Demand => ({
    kind,
    text: formatGroup(alternatives),
    alternatives,
  });
  return {
    name: `building ${fieldOf(source, "Package") ?? ""}`,
    version: fieldOf(source, "Version") ?? "",
    architecture: "all",
    multiArch: "no",
    essential: false,
    importance: "extra",
    stanza: {},
    demands: [
      ...depends.map((group) => demand("Depends", group)),
      ...conflicts.map((relation) => demand("Conflicts", [relation])),
    ],
    provides: [],
  };
}

export function debPackages({ architecture, foreign }: Source, members: readonly Member[]): ViewPackages {
  const isLocal = ({ origin }: Member) => origin === "local";
  const listed = members.filter((member) => !isLocal(member)).map(({ stanza }) => stanza);
  const index = packagesIndex(Buffer.from(formatStanzas(listed)));
  const all = universe({
    architecture,
    ...(foreign && { foreign }),
    sources: [{ index, repository: "", suite: "", priority: 500 }],
    locals: members.filter(isLocal).map(({ stanza }) => stanza),
  });
  const versions = new Set(members.flatMap(({ name }) => all.group(name).flatMap((pkg) => pkg.versions)));
  return {
    members: new Map([...versions].map((version) => [lockKey(version), version])),
    neededBy: (member) =>
      (member as Version).demands
        .filter((demand) => isHard(demand) && !isNegative(demand))
        .flatMap((demand) =>
          allReachedBy(all, member as Version, demand).filter((other) => versions.has(other)),
        ),
    reasons(chosen, wanted) {
      const answers = gatherRequests(all, wanted).flatMap((request): Answer[] => {
        const target = targetOf(all, request);
        return "missing" in target || !chosen.has(target.version)
          ? []
          : [{ request, version: target.version }];
      });
      return reasonsIn(all, chosen as ReadonlySet<Version>, answers, wanted.recommends);
    },
  };
}
