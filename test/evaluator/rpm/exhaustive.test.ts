// The resolver against trying every set of packages: what it finds holds, and it finds something wherever there is one.

import { describe, expect, test } from "vitest";
import {
  isRich,
  parseRelation,
  type Relation,
  type Simple,
  simplesOf,
} from "../../../evaluator/rpm/relation.ts";
import { resolve } from "../../../evaluator/rpm/resolve.ts";
import { overlaps, parseEvr } from "../../../evaluator/rpm/version.ts";
import { randomFrom, tellSeed } from "../../rig/seed.ts";
import { drawUniverse, type Temper } from "./draw.ts";
import { nevra, rpm, type Spec, universeOf } from "./repository.ts";

const isLong = process.env["KIT_TEST_LONG"] !== undefined;
const temper: Temper = {
  names: 5,
  packages: 10,
  clashes: 40,
  rich: true,
  weak: true,
  multilib: false,
  repositories: 1,
};

describe("a solution is found wherever there is one", { timeout: 600_000 }, () => {
  test.each([
    { title: "as drawn", recommends: false, intricate: false },
    { title: "with what is recommended", recommends: true, intricate: false },
    { title: "in relations too long to be written out", recommends: false, intricate: true },
  ])("$title", ({ recommends, intricate }) => {
    const count = isLong ? 5000 : 500;
    const seed = tellSeed(`trying every set of packages of ${count} universes`);
    let unsolvable = 0;
    for (let i = 0; i < count; i++) {
      const { repositories, questions } = drawUniverse(randomFrom(seed + i * 1_000_003), temper);
      const packages = repositories.flatMap((repository) => repository.packages.map(withoutSelfConflicts));
      const all = universeOf(intricate ? intricately(packages) : packages);
      const sound = soundSets(packages);
      // Names only: what dnf takes a request for is compared with dnf itself.
      const requests = questions.map((question) => question.requests.filter((text) => /^p\d$/.test(text)));
      for (const names of requests.filter((list) => list.length > 0)) {
        const solution = resolve(all, { requests: names, base: [], recommends });
        const answers = (set: readonly Spec[]) =>
          names.every((name) => set.some((spec) => spec.name === name || obsoletesOne(spec, name, packages)));
        if (solution.ok) {
          const chosen = new Set(solution.packages.map(nevra));
          const set = packages.filter((spec) => chosen.has(nevra(spec)));
          expect([isSound(set), answers(set), set.length]).toEqual([true, true, chosen.size]);
        } else {
          unsolvable++;
          expect(sound.filter(answers).map((set) => set.map(nevra))).toEqual([]);
          expect(solution.explanation.length).toBeGreaterThan(0);
        }
      }
    }
    expect(unsolvable).toBeGreaterThan(count / 20);
  });
});

/** The same in relations that have eleven alternatives more, none of which can be. */
function intricately(packages: readonly Spec[]): Spec[] {
  const pads = Array.from({ length: 11 }, (_, i) => [`no${i}`, `never${i}`] as const);
  const alternatives = pads.map(([a, b]) => `(${a} and ${b})`).join(" or ");
  const padding = pads.flatMap(([a, b]) => [rpm(a, { Conflicts: [b] }), rpm(b)]);
  const longer = (text: string) => `(${text} or ${alternatives})`;
  return [...packages.map((spec) => ({ ...spec, Requires: (spec.Requires ?? []).map(longer) })), ...padding];
}

function soundSets(packages: readonly Spec[]): Spec[][] {
  return Array.from({ length: 2 ** packages.length }, (_, bits) =>
    packages.filter((_, k) => bits & (1 << k)),
  ).filter(isSound);
}

/** rpm's own view of a set: every requirement met, nothing in conflict, obsoleted or there twice. */
function isSound(set: readonly Spec[]): boolean {
  return set.every((spec) => {
    const others = set.filter((other) => other !== spec);
    return (
      !others.some(({ name }) => name === spec.name) &&
      (spec.Requires ?? []).every((text) => isMet(parseRelation(text), set)) &&
      !(spec.Conflicts ?? []).some((text) => isMet(parseRelation(text), set)) &&
      !(spec.Obsoletes ?? []).some((text) => others.some((other) => isNamed(other, parseRelation(text))))
    );
  });
}

/** What a rich conflict with oneself means, libsolv and rpm see differently. */
function withoutSelfConflicts(spec: Spec): Spec {
  const isForeign = (text: string) =>
    ![...simplesOf(parseRelation(text))].some((simple) => isProvided(spec, simple));
  return { ...spec, Conflicts: (spec.Conflicts ?? []).filter(isForeign) };
}

function isMet(relation: Relation, set: readonly Spec[]): boolean {
  if (!isRich(relation)) return set.some((spec) => isProvided(spec, relation));
  const met = (part: Relation) => isMet(part, set);
  switch (relation.kind) {
    case "and":
      return relation.operands.every(met);
    case "or":
      return relation.operands.some(met);
    case "with":
      return set.some((spec) => relation.operands.every((part) => isMet(part, [spec])));
    case "without": {
      const [wanted, unwanted] = relation.operands;
      return set.some((spec) => isMet(wanted, [spec]) && !isMet(unwanted, [spec]));
    }
    case "if":
      if (met(relation.condition)) return met(relation.wanted);
      return relation.otherwise === undefined || met(relation.otherwise);
    case "unless":
      if (!met(relation.condition)) return met(relation.wanted);
      return relation.otherwise !== undefined && met(relation.otherwise);
  }
}

function isProvided(spec: Spec, wanted: Simple): boolean {
  if (wanted.operator === undefined && (spec.Files ?? []).includes(wanted.name)) return true;
  const provides = [...(spec.Provides ?? []), `${spec.name} = ${spec.version}`].map(parseRelation);
  return provides.some(
    (provided) => !isRich(provided) && provided.name === wanted.name && fits(provided, wanted),
  );
}

function isNamed(spec: Spec, relation: Relation): boolean {
  const own: Simple = { name: spec.name, operator: "=", version: spec.version };
  return !isRich(relation) && relation.name === spec.name && fits(own, relation);
}

function fits(a: Simple, b: Simple): boolean {
  if (a.operator === undefined || b.operator === undefined) return true;
  return overlaps(
    { operator: a.operator, evr: parseEvr(a.version ?? "") },
    { operator: b.operator, evr: parseEvr(b.version ?? "") },
  );
}

function obsoletesOne(spec: Spec, name: string, packages: readonly Spec[]): boolean {
  return (spec.Obsoletes ?? []).some((text) =>
    packages.some((other) => other.name === name && isNamed(other, parseRelation(text))),
  );
}
