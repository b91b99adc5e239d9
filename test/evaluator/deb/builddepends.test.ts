// Build dependencies: what remains of them for an architecture and profiles, as Dpkg::Deps says.

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coversArchitecture } from "../../../evaluator/deb/architecture.ts";
import { buildRelations, reduceRelations } from "../../../evaluator/deb/builddepends.ts";
import { formatRelation, parseRelations, type Relation } from "../../../evaluator/deb/relation.ts";
import { tellSeed } from "../../rig/seed.ts";

const isLong = process.env["KIT_TEST_LONG"] !== undefined;

const architectures = [
  ...["amd64", "i386", "x32", "arm64", "armhf", "armel", "riscv64", "mips64el", "s390x", "powerpcspe"],
  ...["musl-linux-amd64", "musl-linux-armhf", "uclibc-linux-armel", "hurd-i386", "hurd-amd64"],
  ...["kfreebsd-amd64", "freebsd-amd64", "solaris-sparc", "uclinux-armel", "arm64ilp32", "mipsn32el"],
];
const wildcards = [
  ...["any", "linux-any", "any-amd64", "any-i386", "any-arm", "hurd-any", "kfreebsd-any", "gnu-any-any"],
  ...[
    "musl-linux-any",
    "musl-any-any",
    "any-linux-any",
    "any-any-amd64",
    "bsd-any-any",
    "eabihf-any-any-arm",
  ],
  ...["any-any-linux-any", "uclibc-any-any", "any-mips64el", "linux-amd64"],
];
const profiles = ["nocheck", "nodoc", "cross", "stage1", "pkg.kit.small"];

const name = fc.constantFrom("a", "libb-dev", "c++", "d1.2", "E-e", "0x");
const restriction = fc
  .tuple(fc.boolean(), fc.constantFrom(...architectures, ...wildcards))
  .map(([denied, word]) => (denied ? `!${word}` : word));
const term = fc
  .tuple(fc.boolean(), fc.constantFrom(...profiles))
  .map(([denied, word]) => (denied ? `!${word}` : word));
const gap = fc.constantFrom("", " ", "  ", "\n ");
const space = fc.constantFrom(" ", "  ", "\n ", "\t");
const between = (words: fc.Arbitrary<string>, length: number) =>
  fc
    .tuple(fc.array(words, { minLength: 1, maxLength: length }), space, gap)
    .map(([list, apart, around]) => around + list.join(apart) + around);
/** One alternative as a person might write it. */
const written = fc
  .tuple(
    name,
    fc.option(fc.constantFrom("any", "native", "arm64")),
    fc.option(
      fc.tuple(
        gap,
        fc.constantFrom("<<", "<=", "=", ">=", ">>", "<", ">"),
        gap,
        fc.constantFrom("1", "2:3~rc-1+b1"),
      ),
    ),
    fc.option(between(restriction, 3)),
    fc.array(between(term, 3), { maxLength: 3 }),
    gap,
  )
  .map(([word, qualifier, bound, names, formula, end]) =>
    [
      qualifier === null ? word : `${word}:${qualifier}`,
      bound === null ? "" : `${bound[0]}(${bound[0]}${bound[1]}${bound[2]}${bound[3]}${bound[0]})`,
      names === null ? "" : ` [${names}]`,
      ...formula.map((terms) => ` <${terms}>`),
      end,
    ].join(""),
  );
const listed = (item: fc.Arbitrary<string>, mark: string, length: number) =>
  fc
    .tuple(fc.array(item, { minLength: 1, maxLength: length }), gap)
    .map(([items, around]) => items.join(`${around}${mark}${around}`));
const field = listed(listed(written, "|", 3), ",", 4);
const target = fc.record({
  architecture: fc.constantFrom(...architectures),
  profiles: fc.subarray(profiles),
});

/** One line in, one line out: `ARCHITECTURE<tab>PROFILES<tab>FIELD`, what is left of the field. */
const reducing = `
use strict; use warnings; use Dpkg::Deps; use Dpkg::ErrorHandling qw(report_options);
report_options(quiet_warnings => 1);
while (my $line = <STDIN>) {
  chomp $line;
  my ($architecture, $profiles, $field) = split /\\t/, $line, 3;
  $field =~ s/\\\\n/\\n/g; $field =~ s/\\\\t/\\t/g;
  my $deps = deps_parse($field, build_dep => 1, host_arch => $architecture, build_arch => 'amd64',
    build_profiles => [split / /, $profiles], reduce_arch => 1, reduce_profiles => 1);
  print defined $deps ? $deps->output() : 'malformed', "\\n";
}`;

test("what is left of a field is what Dpkg::Deps leaves", { timeout: 120_000 }, () => {
  const count = isLong ? 20_000 : 2_000;
  const seed = tellSeed(`${count} fields of build dependencies`);
  const cases = fc.sample(fc.tuple(target, field), { numRuns: count, seed });
  const lines = cases.map(([aim, text]) =>
    [aim.architecture, aim.profiles.join(" "), text.replaceAll("\n", "\\n").replaceAll("\t", "\\t")].join(
      "\t",
    ),
  );
  const answers = perl(reducing, lines);
  const ours = cases.map(([aim, text]) => write(reduceRelations(parseRelations(text), aim)));
  const all = cases.map(([aim, text], i) => ({ ...aim, text, left: answers[i] }));
  expect(all.map((item, i) => ({ ...item, left: ours[i] }))).toEqual(all);
  // Both sides must have had something to leave out, and something to keep.
  expect(ours.filter((left) => left === "").length).toBeGreaterThan(count / 50);
  expect(ours.filter((left) => left !== "").length).toBeGreaterThan(count / 2);
});

test("every architecture and wildcard that dpkg knows", { timeout: 120_000 }, () => {
  const asking = `
use strict; use warnings; use Dpkg::Arch qw(get_valid_arches debarch_is);
my @known = get_valid_arches();
my @wanted = qw(${[...architectures, ...wildcards].join(" ")});
for my $real (@known) { for my $wanted (@wanted) { print "$wanted $real ", debarch_is($real, $wanted) ? 1 : 0, "\\n" } }`;
  const answers = perl(asking, []);
  expect(answers.length).toBeGreaterThan(10_000);
  const differing = answers.filter((line) => {
    const [wanted = "", real = "", covers] = line.split(" ");
    return coversArchitecture(wanted, real) !== (covers === "1");
  });
  expect(differing).toEqual([]);
});

describe("buildRelations", () => {
  const source = {
    "Build-Depends": "debhelper-compat (= 13), libx-dev [linux-any] | libx0-dev, d <!nocheck>",
    "Build-Depends-Arch": "for-arch",
    "Build-Depends-Indep": "for-indep <!nodoc>, texlive <!nodoc>",
    "Build-Conflicts": "old (<< 2), elsewhere [hurd-any]",
    "Build-Conflicts-Indep": "old-doc",
  };
  const told = (target: Parameters<typeof buildRelations>[1]) => {
    const { depends, conflicts } = buildRelations(source, target);
    return { depends: write(depends), conflicts: conflicts.map(formatRelation) };
  };

  test("a part brings its own fields", () => {
    const common = { architecture: "amd64", profiles: [] };
    expect(told({ ...common, parts: ["arch", "indep"] })).toEqual({
      depends: "debhelper-compat (= 13), libx-dev | libx0-dev, d, for-arch, for-indep, texlive",
      conflicts: ["old (<< 2)", "old-doc"],
    });
    expect(told({ ...common, parts: ["arch"] })).toEqual({
      depends: "debhelper-compat (= 13), libx-dev | libx0-dev, d, for-arch",
      conflicts: ["old (<< 2)"],
    });
  });

  test("architecture and profiles decide which alternatives remain", () => {
    expect(told({ architecture: "hurd-amd64", profiles: ["nocheck", "nodoc"], parts: ["indep"] })).toEqual({
      depends: "debhelper-compat (= 13), libx0-dev",
      conflicts: ["old (<< 2)", "elsewhere", "old-doc"],
    });
  });

  test("a source that needs nothing", () => {
    expect(buildRelations({}, { architecture: "amd64", profiles: [], parts: ["arch"] })).toEqual({
      depends: [],
      conflicts: [],
    });
  });
});

function write(groups: readonly (readonly Relation[])[]): string {
  return groups.map((group) => group.map(formatRelation).join(" | ")).join(", ");
}

function perl(script: string, lines: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync("perl", ["-e", script], {
    input: lines.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
  });
  if (status !== 0 || stderr !== "")
    throw new Error(`sh test/pretest.sh installs what this needs: ${stderr}`);
  return stdout.split("\n").slice(0, -1);
}
