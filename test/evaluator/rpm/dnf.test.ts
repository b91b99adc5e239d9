// The resolver against dnf itself: drawn universes with everything rpm knows, and what dnf would install of each.

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolve } from "../../../evaluator/rpm/resolve.ts";
import { universe } from "../../../evaluator/rpm/universe.ts";
import { randomFrom, tellSeed } from "../../rig/seed.ts";
import { askDnf } from "./dnf.ts";
import { type Drawn, drawUniverse, type Temper } from "./draw.ts";
import { nevra, source, stanzaText, writeRepository } from "./repository.ts";

const isLong = process.env["KIT_TEST_LONG"] !== undefined;
const plain: Temper = {
  names: 8,
  packages: 40,
  clashes: 0,
  rich: false,
  weak: false,
  multilib: false,
  repositories: 1,
};
const tempers: Readonly<Record<string, Temper>> = {
  "requirements and provides": plain,
  "conflicts and obsoletes": { ...plain, clashes: 30 },
  "rich dependencies": { ...plain, rich: true, clashes: 20 },
  "weak dependencies": { ...plain, weak: true, clashes: 15 },
  "two architectures": { ...plain, multilib: true, clashes: 5 },
  "rich and weak dependencies": { ...plain, rich: true, weak: true, clashes: 15 },
  "packages of groups on a condition": { ...plain, groups: true, rich: true, weak: true, clashes: 15 },
  "several repositories": { ...plain, repositories: 3, packages: 16, clashes: 5 },
  // Whether a lesser architecture is ruled out, libsolv decides by what might be recommended too: see formula.ts.
  "all but several architectures": {
    names: 9,
    packages: 20,
    clashes: 15,
    rich: true,
    weak: true,
    multilib: false,
    repositories: 3,
  },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync("/dev/shm/kit-dnf-");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("chooses what dnf chooses", { timeout: 1_200_000 }, () => {
  test.each(Object.entries(tempers))("%s", (name, temper) => {
    const count = isLong ? 150 : 25;
    const seed = tellSeed(`drawing ${count} universes with ${name}`);
    const drawn = Array.from({ length: count }, (_, i) =>
      drawUniverse(randomFrom(seed + i * 1_000_003), temper),
    );
    const theirs = answersOfDnf(drawn, name);
    const outcomes = { solved: 0, refused: 0, reordered: 0 };
    const differences = drawn.flatMap((one, i) => {
      const ours = answersOfKit(one);
      return one.questions.flatMap((question, k) => {
        const [mine, others] = [ours[k] ?? null, theirs[i]?.[k] ?? null];
        outcomes[others === null ? "refused" : "solved"]++;
        if (isSame(mine, others)) return [];
        if (question.recommends && isOtherOrder(one, k, others)) {
          outcomes.reordered++;
          return [];
        }
        return [{ ...question, kit: mine?.join(" "), dnf: others?.join(" "), packages: told(one) }];
      });
    });
    console.log(`${name}: ${JSON.stringify(outcomes)}`);
    expect(differences).toEqual([]);
    // Questions without an answer say little, and the exemption must stay one.
    expect(outcomes.solved).toBeGreaterThan(count);
    expect(outcomes.reordered).toBeLessThan(Math.max(3, outcomes.solved / 50));
  });
});

/**
 * Whether dnf's answer is kit's where some packages list their recommendations the other way round. Which of two that
 * exclude each other comes first is the order of a package's `Recommends` with kit; libsolv's cache sorts it by how often
 * each name is mentioned in the whole repository (`needid_cmp_need`).
 */
function isOtherOrder(drawn: Drawn, question: number, answer: string[] | null): boolean {
  const several = drawn.repositories
    .flatMap(({ packages }) => packages)
    .filter(({ Recommends = [] }) => Recommends.length > 1)
    .slice(0, 8);
  return Array.from({ length: 2 ** several.length }, (_, bits) => bits).some((bits) => {
    const turned = new Set(several.filter((_, i) => bits & (1 << i)));
    const repositories = drawn.repositories.map(({ packages, priority }) => ({
      priority,
      packages: packages.map((spec) =>
        turned.has(spec) ? { ...spec, Recommends: (spec.Recommends ?? []).toReversed() } : spec,
      ),
    }));
    return isSame(answersOfKit({ ...drawn, repositories })[question] ?? null, answer);
  });
}

function isSame(a: string[] | null, b: string[] | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function answersOfKit({ repositories, questions }: Drawn): (string[] | null)[] {
  const sources = repositories.map(({ packages, priority }, i) =>
    source(packages, { repository: `r${i}`, priority }),
  );
  const all = universe({ architecture: "x86_64", sources });
  const answers = questions.map((question) => {
    const { member, ...rest } = question;
    const members = member && { g: [`(${member.name} if ${member.when})`] };
    const resolution = resolve(all, { ...rest, base: [], ...(members && { members }) });
    return resolution.ok ? resolution.packages.map(nevra).sort() : null;
  });
  expect(all.warnings()).toEqual([]);
  return answers;
}

function answersOfDnf(drawn: readonly Drawn[], name: string): (string[] | null)[][] {
  const universes = drawn.map(({ repositories, questions }, i) => ({
    architecture: "x86_64",
    questions: questions.map(({ requests, recommends, member }, k) => {
      return { requests, recommends, groups: member === undefined ? [] : [`g${k}`] };
    }),
    repositories: repositories.map(({ packages, priority }, k) => {
      const place = join(folder, `${name.replaceAll(" ", "-")}-${i}-${k}`);
      writeRepository(place, packages, k === 0 ? { group: groupsFor(questions) } : {});
      return { name: `r${k}`, folder: place, priority };
    }),
  }));
  return askDnf(universes, folder);
}

/** One for each question, by its number. */
function groupsFor(questions: Drawn["questions"]): string {
  const groups = questions.map(({ member }, k) => {
    const listed =
      member && `<packagereq type="conditional" requires="${member.when}">${member.name}</packagereq>`;
    return `<group><id>g${k}</id><name>g${k}</name><packagelist>${listed ?? ""}</packagelist></group>`;
  });
  return `<comps>${groups.join("")}</comps>`;
}

function told({ repositories }: Drawn): string {
  return repositories
    .map(({ packages, priority }) => [`# ${priority}`, ...packages.map(stanzaText)].join("\n"))
    .join("\n");
}
