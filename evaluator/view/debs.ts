// A view's packages where they are debs.
// Knows how apt's rules answer what a view asks; does not know what it asks for.

import { buildRelations } from "../deb/builddepends.ts";
import { type Answer, reasonsIn } from "../deb/closure.ts";
import { allReachedBy } from "../deb/demand.ts";
import { debOffer } from "../deb/offer.ts";
import { type Demand, type Described, isHard, isNegative, type Version } from "../deb/package.ts";
import { packagesIndex } from "../deb/packages.ts";
import { formatRelation, type Relation } from "../deb/relation.ts";
import { gatherRequests, targetOf } from "../deb/request.ts";
import { choose } from "../deb/resolve.ts";
import type { FindSource } from "../deb/sources.ts";
import { fieldOf, formatStanza, type Stanza } from "../deb/stanza.ts";
import { type Universe, universe } from "../deb/universe.ts";
import { compareVersions } from "../deb/version.ts";
import { lockKey } from "../lock.ts";
import type { Source } from "../question.ts";
import type { Chosen, Member, ViewPackages, ViewSupply, Wanted } from "./supply.ts";

export function debSupply(all: Universe, source: FindSource): ViewSupply {
  return {
    source,
    compareVersions,
    ...debOffer(all),
    choose: (wanted) => chosenIn(all, wanted),
    rivals: (member) => rivalsOf(all, member as Version),
    build(stanza, base) {
      const described = buildAsPackage(stanza, all.architectures[0] ?? "");
      const outside = all.outside(described);
      return {
        version: described.version,
        requirements: described.demands.map(({ kind, text }) => (kind === "Depends" ? text : `not ${text}`)),
        chosen: chosenIn(all, { requests: [], base, recommends: false }, outside),
      };
    },
  };
}

function chosenIn(all: Universe, wanted: Wanted, outside?: Version): Chosen {
  const choice = choose(all, { ...wanted, ...(outside && { outside }) });
  if (!choice.ok) return choice;
  const asked = choice.answers.filter(({ request }) => request.by !== "base" && !request.outside);
  const members = new Set(choice.versions);
  if (outside !== undefined) members.delete(outside);
  return { ok: true, members, required: new Set(asked.map(({ version }) => version)) };
}

/** Two versions of one package clash, too. */
function* rivalsOf(all: Universe, version: Version): Generator<Version> {
  for (const other of version.package.versions) if (other !== version) yield other;
  for (const demand of version.demands.filter((item) => isHard(item) && isNegative(item)))
    yield* allReachedBy(all, version, demand);
}

/**
 * What a build needs and must not meet, as one package that does: apt's way of `build-dep`.
 *
 * @throws {Fault} `unresolved/malformed-relation`
 */
function buildAsPackage(source: Stanza, architecture: string): Described {
  const { depends, conflicts } = buildRelations(source, {
    architecture,
    profiles: [],
    parts: ["arch", "indep"],
  });
  const demand = (kind: Demand["kind"], alternatives: readonly Relation[]): Demand => ({
    kind,
    text: alternatives.map(formatRelation).join(" | "),
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
  const text = members.filter((member) => !isLocal(member)).map(({ stanza }) => formatStanza(stanza));
  const index = packagesIndex(Buffer.from(text.join("\n")));
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
    reasons(chosen, { requests, base, members: grouped, recommends }) {
      const answers = gatherRequests(all, requests, base, grouped).flatMap((request): Answer[] => {
        const target = targetOf(all, request);
        return "missing" in target || !chosen.has(target.version)
          ? []
          : [{ request, version: target.version }];
      });
      return reasonsIn(all, chosen as ReadonlySet<Version>, answers, recommends);
    },
  };
}
