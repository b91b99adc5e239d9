// What building one part of a source takes, against apt-get build-dep over the same lists.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseStanza } from "../../../evaluator/deb/stanza.ts";
import { debSupply } from "../../../evaluator/view/debs.ts";
import { openPlace, type Place } from "../../e2e/place.ts";
import { pkg, universeOf } from "../deb/archive.ts";

const names = ["a", "b", "c", "d", "e"];
const packages = [
  pkg("build-essential 1"),
  pkg("a 1", "Depends: b"),
  ...["b 1", "c 1", "d 1"].map((each) => pkg(each)),
  pkg("e 1", "Depends: c | d"),
];
const listed = (text: string, i: number) =>
  `${text}\nFilename: ${i}.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\n\n`;

let place: Place;
beforeAll(() => {
  place = openPlace("builddep");
  const folders = ["etc/apt/preferences.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"];
  for (const name of [...folders, "etc/apt/apt.conf.d"]) mkdirSync(at(name), { recursive: true });
  writeFileSync(at("status"), "");
  writeFileSync(
    at("etc/apt/sources.list"),
    "deb [trusted=yes] file:/small ./\ndeb-src [trusted=yes] file:/small ./\n",
  );
  writeFileSync(at("var/lib/apt/lists/_small_._Packages"), packages.map(listed).join(""));
  const settings = {
    ...{ Dir: place.folder, "Dir::State::status": at("status"), "Dir::Bin::dpkg": "/bin/false" },
    ...{
      "APT::Architecture": "amd64",
      "APT::Architectures": "amd64",
      "APT::Build-Essential": "build-essential",
    },
    // They would be taken for good while the lists have the same size and second.
    ...{ "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "", "Debug::NoLocking": "true" },
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)};\n`);
  writeFileSync(at("apt.conf"), lines.join(""));
});
afterAll(() => place?.[Symbol.dispose]());

function at(path: string): string {
  return join(place.folder, path);
}

/** Sorted; undefined where apt gives up. */
function aptInstalls(source: string, option: string): string[] | undefined {
  writeFileSync(
    at("var/lib/apt/lists/_small_._Sources"),
    `${source}\nDirectory: .\nFiles:\n ${"0".repeat(32)} 1 x.dsc\n`,
  );
  const { stdout, status } = spawnSync("apt-get", ["build-dep", "-s", option, "x"], {
    env: { PATH: process.env["PATH"], LC_ALL: "C", APT_CONFIG: at("apt.conf") },
    encoding: "utf8",
  });
  if (status !== 0) return undefined;
  return [...stdout.matchAll(/^Inst (\S+) /gm)].map(([, name = ""]) => name).sort();
}

test("of an architecture, and of all", () => {
  const supply = debSupply(universeOf(packages), () => undefined);
  const some = fc.subarray(names, { maxLength: 2 });
  const fields = ["", "-Arch", "-Indep"].flatMap((part) => [
    `Build-Depends${part}`,
    `Build-Conflicts${part}`,
  ]);
  const drawn = fc.tuple(
    ...fields.map((field) => (field.includes("Conflicts") ? fc.subarray(names, { maxLength: 1 }) : some)),
  );
  let compared = 0;
  fc.assert(
    fc.property(drawn, (lists) => {
      const written = lists.flatMap((list, i) =>
        list.length > 0 ? [`${fields[i]}: ${list.join(", ")}`] : [],
      );
      const source = ["Package: x", "Binary: x", "Version: 1", "Architecture: any all", ...written].join(
        "\n",
      );
      for (const [part, option] of [
        ["arch", "--arch-only"],
        ["indep", "--indep-only"],
      ] as const) {
        const chosen = supply.build(parseStanza(source), part).choose(["build-essential"]);
        const apt = aptInstalls(source, option);
        const ours = chosen.ok ? [...chosen.members].map(({ name }) => name).sort() : undefined;
        expect(ours, `${option}\n${source}`).toEqual(apt);
        if (apt !== undefined) compared++;
      }
    }),
    { numRuns: 30 },
  );
  expect(compared).toBeGreaterThan(15);
});
