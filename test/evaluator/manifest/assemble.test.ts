// Assembly: how references lead from file to file, and what is said where they lead nowhere or in circles.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble } from "../../../evaluator/manifest/assemble.ts";
import { settle } from "../../../evaluator/manifest/settle.ts";
import { faultsOf } from "../../../store/model/fault.ts";
import { assembleFiles, boxKind, faultsFrom, kinds, lineOf, linesFrom, thingKind } from "./rig.ts";

const thing = (name: string, ...needs: string[]) =>
  `kind: thing\nname: ${name}\nneeds: [${needs.join(", ")}]\n`;

describe("references", () => {
  test("lead to files beside the one that names them, and to those that ship", async () => {
    const { root, manifests } = await assembleFiles(
      {
        "/m/images/root.yaml": "kind: box\nname: r\nholds: ../things/a.yaml\n",
        "/m/things/a.yaml": thing("a", "./b.yaml", "some/c", "./x/../b.yaml"),
        "/m/things/b.yaml": thing("b", "some/c"),
        "/shipped/things/some/c.yaml": thing("c"),
      },
      "/m/images/../images/root.yaml",
    );
    expect(root).toBe("/m/images/root.yaml");
    expect([...manifests].map(([file, { name, kind }]) => [file, name, kind.name])).toEqual([
      ["/m/images/root.yaml", "r", "box"],
      ["/m/things/a.yaml", "a", "thing"],
      ["/m/things/b.yaml", "b", "thing"],
      ["/shipped/things/some/c.yaml", "c", "thing"],
    ]);
    expect(manifests.get("/m/things/a.yaml")?.references).toEqual([
      { path: ["needs", 0], to: "./b.yaml", kind: "thing", file: "/m/things/b.yaml" },
      { path: ["needs", 1], to: "some/c", kind: "thing", file: "/shipped/things/some/c.yaml" },
      { path: ["needs", 2], to: "./x/../b.yaml", kind: "thing", file: "/m/things/b.yaml" },
    ]);
  });

  test("are read once each", async () => {
    const read: string[] = [];
    const files: Record<string, string> = {
      "/a": thing("a", "./b", "./c"),
      "/b": thing("b", "./c", "./d"),
      "/c": thing("c", "./d"),
      "/d": thing("d"),
    };
    await assemble("/a", {
      kinds,
      shipped: "/shipped",
      has: () => true,
      list: () => undefined,
      read: async (file) => {
        read.push(file);
        return files[file];
      },
    });
    expect(read).toEqual(["/a", "/b", "/c", "/d"]);
  });

  test("may use the manifest's own variables, not the target's", async () => {
    const fine = {
      "/m/root.yaml": `${thing("r", '"./${dir}/a.yaml"')}vars: {dir: x}\n`,
      "/m/x/a.yaml": thing("a"),
    };
    expect([...(await assembleFiles(fine)).manifests.keys()]).toEqual(["/m/root.yaml", "/m/x/a.yaml"]);
    const message = "which manifests take part cannot depend on architecture, build type, distro or machine";
    expect(await linesFrom(thing("r", '"./${arch}.yaml"'))).toEqual([
      `root.yaml:3:9 manifest/bad-value ${message}`,
    ]);
    expect(await linesFrom(`${thing("r", '"./${v}.yaml"')}vars: {v: "\${w}", w: "\${buildType}"}\n`)).toEqual(
      [`root.yaml:3:9 manifest/bad-value ${message}`],
    );
  });

  test("that lead nowhere are told where they stand", async () => {
    expect(await linesFrom(thing("r", "./no.yaml", "some/thing"))).toEqual([
      "root.yaml:3:9 manifest/missing-file there is no file /m/no.yaml",
      "root.yaml:3:20 manifest/missing-file no thing of the name some/thing ships with kit",
    ]);
    expect(await linesFrom({})).toEqual(["nowhere manifest/missing-file there is no file /m/root.yaml"]);
  });

  test("that lead to another kind are told with what they lead to", async () => {
    const files = { "/m/root.yaml": thing("r", "./box.yaml"), "/m/box.yaml": "name: b\nkind: box\n" };
    const [fault] = await faultsFrom(() => assembleFiles(files));
    expect(fault && lineOf(fault)).toBe(
      "root.yaml:3:9 manifest/wrong-kind a thing belongs here, and ./box.yaml is a manifest of kind box",
    );
    expect(fault?.related).toMatchObject([
      { place: { file: "/m/box.yaml", line: 2, column: 7 }, message: "its kind" },
    ]);
  });
});

describe("folders", () => {
  const root = "kind: box\nname: r\nholds: ./all\n";
  const found = async (files: Readonly<Record<string, string>>) => {
    const { manifests } = await assembleFiles({ "/m/root.yaml": root, ...files });
    return [...manifests.keys()].slice(1).map((file) => file.replace("/m/all/", ""));
  };

  test("stand for the manifests in them; what is no manifest, nor was meant as one, is passed over", async () => {
    const none = {
      "/m/all/many.yaml": "kind: Service\n---\nkind: Deployment\n",
      "/m/all/template.yaml": "{{- if x }}\nkind: {{ y }}\n",
      "/m/all/nested.yaml": "list:\n  kind: thing\n- x\n",
      "/m/all/large.yaml": `# ${"x".repeat(2 ** 20)}\n`,
    };
    expect(
      await found({ "/m/all/a.yaml": thing("a"), "/m/all/box.yaml": "kind: box\nname: b\n", ...none }),
    ).toEqual(["a.yaml"]);
    const meant = {
      "/m/root.yaml": root,
      "/m/all/broken.yaml": "name: [\nkind: thing\n",
      "/m/all/typed.yaml": "kind: 'thng'\n---\nkind: x\n",
    };
    expect(
      (await faultsFrom(() => assembleFiles(meant))).map(({ code, place }) => [code, place?.file]),
    ).toEqual([
      ["manifest/syntax", "/m/all/broken.yaml"],
      ["manifest/syntax", "/m/all/typed.yaml"],
    ]);
  });

  test("that a manifest outside of them names as its own are not searched, unless a manifest there is named", async () => {
    const of = (name: string, from: string, ...needs: string[]) =>
      `${thing(name, ...needs)}files: [{path: /x, from: ${from}}]\n`;
    const inside = { "/m/all/one/x.yaml": thing("x"), "/m/all/one/bad.yaml": "kind: thing\nname: [\n" };
    expect(await found({ "/m/all/one.yaml": of("one", "./one/"), ...inside })).toEqual(["one.yaml"]);
    expect(await found({ "/m/all/one.yaml": of("one", "./one", "./one/x.yaml"), ...inside })).toEqual([
      "one.yaml",
      "one/x.yaml",
    ]);
    expect(await found({ "/m/all/one/a.yaml": of("a", "../one"), "/m/all/one/b.yaml": thing("b") })).toEqual([
      "one/a.yaml",
      "one/b.yaml",
    ]);
  });
});

describe("cycles", () => {
  test("are told as a person would", async () => {
    const files = {
      "/m/root.yaml": thing("r", "./a.yaml"),
      "/m/a.yaml": thing("a", "./b.yaml"),
      "/m/b.yaml": thing("b", "./c.yaml"),
      "/m/c.yaml": thing("c", "./a.yaml", "./b.yaml"),
    };
    const faults = await faultsFrom(() => assembleFiles(files));
    expect(faults.map(lineOf)).toEqual([
      "a.yaml:3:9 manifest/cycle circular things: a → b → c → a",
      "b.yaml:3:9 manifest/cycle circular things: b → c → b",
    ]);
    expect(
      faults[0]?.related.map(
        ({ place, message }) => `${place.file}:${place.line}:${place.column} ${message}`,
      ),
    ).toEqual(["/m/b.yaml:3:9 b → c", "/m/c.yaml:3:9 c → a"]);
  });

  test("of one", async () => {
    expect(await linesFrom(thing("r", "./root.yaml"))).toEqual([
      "root.yaml:3:9 manifest/cycle circular things: r → r",
    ]);
  });

  test("are found in any graph, and only there", async () => {
    const edges = fc.uniqueArray(fc.tuple(fc.nat(5), fc.nat(5)), { selector: String, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(edges, async (pairs) => {
        const files: Record<string, string> = {};
        for (let n = 0; n < 6; n++) {
          const needs = pairs.filter(([from]) => from === n).map(([, to]) => `./${to}.yaml`);
          files[`/m/${n}.yaml`] = thing(String.fromCharCode(97 + n), ...needs);
        }
        const found = await assembleFiles(files, "/m/0.yaml").then(
          () => [],
          (error) => faultsOf(error).map(({ code }) => code),
        );
        expect(new Set(found)).toEqual(new Set(isCyclic(pairs, 0) ? ["manifest/cycle"] : []));
      }),
    );
  });
});

/** Whether a node can be reached from itself, of those reachable from a start: by closure, unlike what is tested. */
function isCyclic(edges: readonly (readonly [number, number])[], start: number): boolean {
  const reach = (from: number) => {
    const seen = new Set<number>();
    for (let size = -1; size !== seen.size; ) {
      size = seen.size;
      for (const [a, b] of edges) if (a === from || seen.has(a)) seen.add(b);
    }
    return seen;
  };
  return [start, ...reach(start)].some((node) => reach(node).has(node));
}

test("the faults of all files are told at once, file by file", async () => {
  const files = {
    "/m/root.yaml": `${thing("r", "./a.yaml", "./b.yaml")}colr: red\n`,
    "/m/a.yaml": `${thing("a", "./c.yaml")}weight: x\ncolor: pink\n`,
    "/m/b.yaml": "kind: thing\n name: b\n",
    "/m/c.yaml": "kind: thong\n",
  };
  expect(await linesFrom(files)).toEqual([
    'root.yaml:4:1 manifest/unknown-key unknown key "colr"',
    "a.yaml:4:9 manifest/wrong-type weight must be a number, not text",
    'a.yaml:5:8 manifest/bad-value color cannot be "pink"',
    expect.stringContaining("b.yaml:1:7 manifest/syntax"),
    'c.yaml:1:7 manifest/bad-value there is no kind "thong"',
  ]);
});

test("local files that are missing are told with the other faults; what hangs on the target is looked for later", async () => {
  const files = {
    "/m/root.yaml": `${thing("r")}colr: red
files:
  - {path: /a, from: ./there}
  - {path: /b, from: ./gone}
  - {path: /c, from: "./\${arch}/gone"}
  - {path: /d, from: /no/local/path}
`,
  };
  const failed = await assembleFiles(files, "/m/root.yaml", (path) => path === "/m/there").then(
    () => [],
    (error) => faultsOf(error),
  );
  expect(failed.map(({ code, place }) => `${place?.line}:${place?.column} ${code}`)).toEqual([
    "4:1 manifest/unknown-key",
    "7:22 manifest/missing-file",
    "9:22 manifest/bad-value",
  ]);
});

test("what the reader throws is not swallowed", async () => {
  const read = () => Promise.reject(new Error("disk on fire"));
  await expect(
    assemble("/a", { kinds, read, has: () => true, list: () => undefined, shipped: "/" }),
  ).rejects.toThrow("disk on fire");
});

test("a manifest cannot be settled as another kind", async () => {
  const { manifests } = await assembleFiles({ "/m/root.yaml": "kind: box\nname: b\n" });
  const box = manifests.get("/m/root.yaml");
  if (box === undefined) throw new Error("no root");
  const target = { arch: "amd64", buildType: "release", distro: "debian/trixie" } as const;
  expect(settle(box, boxKind, target).manifest).toEqual({ kind: "box", name: "b", vars: {} });
  expect(() => settle(box, thingKind, target)).toThrow(TypeError);
});

test("any manifest is assembled or refused by faults alone", async () => {
  const scalar = fc.constantFrom(
    "thing",
    "box",
    "a",
    "./root.yaml",
    "./b.yaml",
    "../..",
    "${arch}",
    "${vars}",
    "$${",
    "${",
    1,
    -1.5,
    true,
    null,
    "wheel",
    "\0",
    "constructor",
  );
  const key = fc.constantFrom(
    "kind",
    "name",
    "vars",
    "needs",
    "files",
    "path",
    "from",
    "part",
    "type",
    "source",
    "url",
    "holds",
    "mode",
    "toString",
    "constructor",
    "sourceDateEpoch",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const manifest = fc.record(
    { kind: fc.constantFrom("thing", "box"), name: tree },
    { requiredKeys: ["kind"] },
  );
  await fc.assert(
    fc.asyncProperty(manifest, fc.dictionary(key, tree), async (head, rest) => {
      try {
        await assembleFiles({
          "/m/root.yaml": JSON.stringify({ ...rest, ...head }),
          "/m/b.yaml": JSON.stringify(rest),
        });
      } catch (error) {
        if (faultsOf(error).length === 0) throw error;
        for (const { place, code } of faultsOf(error)) expect([code, place?.line ?? 0]).toEqual([code, 1]);
      }
    }),
    { numRuns: 1500 },
  );
});
