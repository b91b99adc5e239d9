// Configuration order: dependencies first, circles broken the same way every time.

import fc from "fast-check";
import { expect, test } from "vitest";
import { configurationOrder } from "../../../evaluator/deb/order.ts";
import { stanza } from "./archive.ts";

function item(nameAndVersion: string, ...fields: string[]) {
  const [name = "", version = "1"] = nameAndVersion.split(" ");
  return { name, version, architecture: "amd64", stanza: stanza(nameAndVersion, ...fields) };
}

test("base-passwd, base-files, then essential ones, dependencies before dependents", () => {
  const packages = [
    item("app", "Depends: lib, virtual"),
    item("bash", "Essential: yes", "Pre-Depends: libc6"),
    item("base-files", "Pre-Depends: awk", "Essential: yes"),
    item("base-passwd", "Depends: libc6", "Essential: yes"),
    item("libc6"),
    item("lib", "Depends: libc6"),
    item("mawk", "Provides: awk", "Pre-Depends: libc6"),
    item("zz", "Provides: virtual"),
  ];
  expect(configurationOrder(packages)).toEqual([
    "base-passwd",
    "base-files",
    "libc6",
    "mawk",
    "bash",
    "lib",
    "zz",
    "app",
  ]);
});

test("in a circle Pre-Depends bind, then names", () => {
  const packages = [
    item("a", "Depends: b", "Pre-Depends: c"),
    item("b", "Depends: a"),
    item("c", "Depends: b"),
  ];
  expect(configurationOrder(packages)).toEqual(["c", "a", "b"]);
});

test("a package of two architectures is named with the second", () => {
  const packages = [item("a"), { ...item("a"), architecture: "arm64" }];
  expect(configurationOrder(packages)).toEqual(["a", "a:arm64"]);
});

test("a long chain needs no stack", () => {
  const packages = Array.from({ length: 20_000 }, (_, i) =>
    item(`p${i}`, ...(i === 0 ? [] : [`Depends: p${i - 1}`])),
  );
  const order = configurationOrder(packages.toReversed());
  expect([order.length, order[0], order.at(-1)]).toEqual([20_000, "p0", "p19999"]);
});

test("holds every dependency outside circles, whatever order is given", () => {
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 14 });
  fc.assert(
    fc.property(edges, fc.infiniteStream(fc.nat(100)), (pairs, keys) => {
      const names = "abcdefgh".split("");
      const packages = names.map((name, i) => {
        const wanted = pairs.filter(([from]) => from === i).map(([, to]) => names[to]);
        return wanted.length > 0 ? item(name, `Depends: ${wanted.join(", ")}`) : item(name);
      });
      const order = configurationOrder(packages);
      const shuffled = packages
        .map((value) => ({ value, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key);
      expect(configurationOrder(shuffled.map(({ value }) => value))).toEqual(order);
      expect(order.toSorted()).toEqual(names);
      const reach = reachability(pairs);
      for (const [from, to] of pairs) {
        if (reach[to]?.has(from)) continue;
        expect(order.indexOf(names[to] ?? "")).toBeLessThan(order.indexOf(names[from] ?? ""));
      }
    }),
  );
});

function reachability(pairs: readonly (readonly [number, number])[]): Set<number>[] {
  return Array.from({ length: 8 }, (_, start) => {
    const reached = new Set([start]);
    for (const node of reached) for (const [from, to] of pairs) if (from === node) reached.add(to);
    return reached;
  });
}
