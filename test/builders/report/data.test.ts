// What pages load says what the result says: every field comes back from the columns.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  membersData,
  needsData,
  packagesData,
  requirementsData,
  rowsOf,
  sourcesData,
} from "../../../builders/report/columns.ts";
import { namesOf } from "../../../builders/report/names.ts";
import { itemsOf, openShelf, rowsNamed, versionOf } from "../../../builders/report/page/packages.ts";
import { sourceItems } from "../../../builders/report/page/sources.ts";
import { openMembers, openWeb } from "../../../builders/report/page/web.ts";
import { fromRising, toRising } from "../../../builders/report/rising.ts";
import type { ViewPackage } from "../../../evaluator/view/result.ts";
import { aPackage, largeView, smallView } from "./view.ts";

describe("rising lists", () => {
  it("come back sorted", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (numbers) => {
        expect(fromRising(toRising(numbers))).toEqual([...numbers].sort((a, b) => a - b));
      }),
    );
  });
});

describe("packages", () => {
  const view = largeView({ packages: 300, sources: 100, workloads: 12, architectures: ["a", "b"] }, 5);
  const names = namesOf(view);

  it("come back with all that is said of them", () => {
    for (const architecture of view.architectures) {
      const rows = rowsOf(view, architecture, names);
      const shelf = openShelf(names.data, packagesData(rows, names));
      const needs = needsData(rows, names);
      const web = openWeb(shelf, needs);
      const members = openMembers(membersData(rows, names));
      const { data } = shelf;
      const name = (row: number) => names.data.packages[shelf.names[row] ?? -1] ?? "";
      const back = rows.map((_, row): ViewPackage => {
        const built = needs.builds.find((one) => one.row === row);
        return {
          name: name(row),
          version: versionOf(shelf, row),
          architecture: data.architectures[data.architecture[row] ?? -1] ?? "",
          source: names.data.sources[data.source[row] ?? -1] ?? "",
          size: data.size[row] ?? -1,
          download: data.download[row] ?? -1,
          level: data.level[row] ?? -1,
          workloads: members
            .of(row)
            .map(({ workload, as }) => ({ name: names.data.workloads[workload] ?? "", as })),
          needs: web.needs(row).map(name),
          ...(built && {
            builds: {
              sources: fromRising(built.sources).map((source) => names.data.sources[source] ?? ""),
              count: built.count,
            },
          }),
        };
      });
      expect(back).toEqual(view.packages[architecture]);
    }
  });

  it("are found by name, several of one name too", () => {
    const twice = {
      ...smallView(),
      packages: {
        amd64: [aPackage("kernel", { version: "5" }), aPackage("kernel", { version: "6" }), aPackage("zlib")],
        arm64: [aPackage("zlib")],
      },
      sources: [],
    };
    const names = namesOf(twice);
    const shelves = twice.architectures.map((one) =>
      openShelf(names.data, packagesData(rowsOf(twice, one, names), names)),
    );
    const [amd64] = shelves;
    if (amd64 === undefined) throw new Error("no shelf");
    expect(itemsOf(names.data, shelves).map(({ name, on }) => [name, on])).toEqual([
      ["kernel", [0, -1]],
      ["zlib", [2, 0]],
    ]);
    expect(rowsNamed(amd64, 0).map((row) => versionOf(amd64, row))).toEqual(["5", "6"]);
  });

  it("know who needs them", () => {
    const rows = rowsOf(view, "a", names);
    const shelf = openShelf(names.data, packagesData(rows, names));
    const web = openWeb(shelf, needsData(rows, names));
    const weights = web.weights();
    for (const row of rows.keys()) {
      const expected = rows.flatMap(({ needs }, other) =>
        needs.includes(rows[row]?.name ?? "") ? [other] : [],
      );
      expect(web.neededBy(row)).toEqual(expected);
      expect(weights[row]).toBe(expected.length);
    }
  });
});

describe("sources", () => {
  it("come back with versions, levels, failures and requirements", () => {
    const view = smallView();
    const names = namesOf(view);
    const items = sourceItems(names.data, sourcesData(view, names));
    expect(items.map(({ name }) => name)).toEqual(view.sources.map(({ name }) => name));
    const nginx = items.find(({ name }) => name === "nginx");
    expect(nginx).toMatchObject({
      on: [0, 0],
      versions: ["1.0-1", "1.0-1"],
      archful: true,
      failed: [1],
      packages: 1,
    });
    expect(items.find(({ name }) => name === "u-boot-tools")).toMatchObject({
      on: [0, -1],
      versions: ["1.0-1", undefined],
    });
    const { lists, texts, on, failures } = requirementsData(view, names);
    const told = on.map((its) => lists[its[nginx?.place ?? -1] ?? -1]?.map((text) => texts[text]));
    expect(told).toEqual([["gcc", "libpcre-dev (>= 8)"], ["gcc"]]);
    expect(on[0]?.[names.source("openssl")]).toBe(-1);
    expect(failures).toMatchObject([{ architecture: 1, source: nginx?.place }]);
  });
});
