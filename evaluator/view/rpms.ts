// A view's packages where they are rpms.
// Knows how dnf's rules answer what a view asks; does not know what it asks for.

import type { Compact } from "../compact.ts";
import { fieldOf, formatStanzas } from "../deb/stanza.ts";
import { lockKey } from "../lock.ts";
import type { Source } from "../question.ts";
import { needsIn, reasonsIn, takenFor } from "../rpm/closure.ts";
import { rpmIndex } from "../rpm/listing.ts";
import { rpmOffer } from "../rpm/offer.ts";
import { isNamedBy, type Package, streamsOf } from "../rpm/package.ts";
import { answersTo, gatherRequests, parseRequest, type Request } from "../rpm/request.ts";
import { chooseAnswers } from "../rpm/resolve.ts";
import { type Universe, universe } from "../rpm/universe.ts";
import { compareVersions, parseEvr } from "../rpm/version.ts";
import { findingSource } from "../sourcelist.ts";
import { openStanzas } from "../stanzaindex.ts";
import type { Chosen, Member, ViewPackages, ViewSupply, Wanted } from "./supply.ts";

/** `groups` are the lists' own, by their ids; `sources` are lists of source packages. */
export function rpmSupply(all: Universe, lists: readonly Compact[], sources: readonly Compact[]): ViewSupply {
  return {
    ...rpmOffer(all, lists),
    compareVersions,
    choose: (wanted) => chosenIn(all, wanted),
    rivals: (member) => rivalsOf(all, member as Package),
    request: (member) => requestFor(all, member),
    source: findingSource(sources.map(openStanzas), { compare: compareVersions, isMeant }),
    part: () => "arch",
    build(stanza) {
      const name = fieldOf(stanza, "Package") ?? "";
      const outside = all.outside(
        { ...stanza, Package: `building-${name}`, Provides: "", Files: "" },
        `building ${name}`,
      );
      return {
        requirements: outside.requires.map(({ text }) => text).sort(),
        choose: (base) => chosenIn(all, { requests: [], base, recommends: false }, outside),
      };
    },
  };
}

function chosenIn(all: Universe, wanted: Wanted, outside?: Package): Chosen {
  const { requests, base, members: grouped, recommends } = wanted;
  const asked = gatherRequests(requests, base, grouped).map((request) => answersTo(all, request));
  const own: Request[] =
    outside === undefined
      ? []
      : [{ by: "request", text: outside.name, relation: { name: outside.name }, outside: true }];
  const answers = [...asked, ...own.map((request) => ({ request, packages: outside ? [outside] : [] }))];
  const choice = chooseAnswers(all, answers, recommends);
  if (!choice.ok) return choice;
  const members = new Set(choice.chosen);
  if (outside !== undefined) members.delete(outside);
  const answering = asked
    .filter(({ request }) => request.by !== "base")
    .flatMap((answer) => takenFor(all, answer, (pkg) => members.has(pkg)));
  const required = new Set(answering);
  return { ok: true, members, required: new Set([...members].filter((pkg) => required.has(pkg))) };
}

/** With an epoch in any case: without one the request would be for every package of that version. */
function requestFor(all: Universe, { name, version, architecture }: Member): string {
  const { native } = all.architectures;
  const plain = architecture === native || architecture === "noarch" ? name : `${name}.${architecture}`;
  const found = answersTo(all, parseRequest(plain)).packages;
  const own = found.find((pkg) => pkg.name === name && pkg.version === version);
  const isFirst = found.every(
    (pkg) =>
      pkg.name === name &&
      own !== undefined &&
      (pkg.priority > own.priority ||
        (pkg.priority === own.priority && compareVersions(pkg.version, version) <= 0)),
  );
  if (own !== undefined && isFirst) return plain;
  const { epoch, ...evr } = parseEvr(version);
  return `${name}-${epoch || "0"}:${evr.version}-${evr.release ?? ""}.${architecture}`;
}

/** Another version of a package that may stand beside none, what it conflicts with, and what it obsoletes. */
function* rivalsOf(all: Universe, pkg: Package): Generator<Package> {
  for (const other of all.named(pkg.name)) {
    const beside =
      pkg.installOnly || (other.version === pkg.version && other.architecture !== pkg.architecture);
    if (other !== pkg && !beside) yield other;
  }
  for (const { relation } of pkg.conflicts)
    for (const other of all.providers(relation)) if (other !== pkg) yield other;
  for (const { relation } of pkg.obsoletes) {
    const named = "name" in relation ? all.named(relation.name) : [];
    for (const other of named) if (other.name !== pkg.name && isNamedBy(other, relation)) yield other;
  }
}

/** A binary package names its source's file, which leaves the epoch out. */
function isMeant(listed: string, named: string): boolean {
  return listed.replace(/^\d+:/, "") === named.replace(/^\d+:/, "");
}

export function rpmPackages({ architecture }: Source, members: readonly Member[]): ViewPackages {
  const isLocal = ({ origin }: Member) => origin === "local";
  const listed = members.filter((member) => !isLocal(member)).map(({ stanza }) => stanza);
  const all = universe({
    architecture,
    sources: [{ index: rpmIndex(formatStanzas(listed)), repository: "", priority: 99 }],
    locals: members.filter(isLocal).map(({ stanza }) => stanza),
    streams: members.flatMap(({ stanza }) => streamsOf(stanza)),
  });
  const packages = [...new Set(members.flatMap(({ name }) => all.named(name)))];
  const needs = needsIn(all, packages);
  return {
    members: new Map(packages.map((pkg) => [lockKey(pkg), pkg])),
    neededBy: (member) => needs.get(member as Package) ?? [],
    reasons(chosen, { requests, base, members: grouped, recommends }) {
      const there = [...(chosen as ReadonlySet<Package>)];
      const answers = gatherRequests(requests, base, grouped).map((request) => {
        const answer = answersTo(all, request);
        return { ...answer, packages: answer.packages.filter((pkg) => chosen.has(pkg)) };
      });
      return reasonsIn(all, there, answers, recommends);
    },
  };
}
