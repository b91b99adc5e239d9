// What is different: fields of manifests, derivations, packages of locks.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { derivationChanges } from "../../evaluator/diff/derivations.ts";
import { fieldChanges } from "../../evaluator/diff/fields.ts";
import {
  chosenPackages,
  installedPackages,
  openWays,
  packageChanges,
  packagesIn,
} from "../../evaluator/diff/packages.ts";
import { type Root, rootChange } from "../../evaluator/diff/root.ts";
import { emptyLock, type Lock } from "../../evaluator/lock.ts";
import { withAnswer } from "../../evaluator/lockchange.ts";
import { type ClosureQuestion, closureQuestion, isRoot } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { type Entry, makeTree } from "../../store/model/tree.ts";

describe("fields", () => {
  test("of mappings by key, of lists what came and what went", () => {
    const before = {
      name: "a",
      packages: ["x", "y"],
      outputs: [{ type: "tar" }, { type: "ext4", size: 1 }],
      gone: { deep: 1 },
    };
    const after = { name: "b", packages: ["z", "x"], outputs: [{ type: "ext4", size: 2 }, { type: "tar" }] };
    expect(fieldChanges(before, after)).toEqual([
      { path: "name", before: "a", after: "b" },
      { path: 'packages."y"', before: "y" },
      { path: 'packages."z"', after: "z" },
      { path: "outputs.ext4.size", before: 1, after: 2 },
      { path: "gone", before: { deep: 1 } },
    ]);
  });

  test("a list that is only in another order, or says something twice, is told whole", () => {
    expect(fieldChanges({ a: [1, 2] }, { a: [2, 1] })).toEqual([
      { path: "a", before: [1, 2], after: [2, 1] },
    ]);
    expect(fieldChanges({ a: [1, 1] }, { a: [1] })).toEqual([{ path: "a", before: [1, 1], after: [1] }]);
  });

  test("a list is no mapping, be both empty", () => {
    expect(fieldChanges({ a: {} }, { a: [] })).toEqual([{ path: "a", before: {}, after: [] }]);
  });

  test("there is a change just where there is a difference", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, (one) => {
        expect(fieldChanges(one, structuredClone(one))).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(value, value, (one, two) => {
        const isSame = isEqual(one, two);
        expect(fieldChanges(one, two).length === 0).toBe(isSame);
      }),
    );
  });
});

describe("roots", () => {
  const link = (path: string, target: string): Entry => ({
    ...{ type: "symlink", path: parseTreePath(path), mode: 0o777, uid: 0, gid: 0 },
    target,
  });
  const root = (texts: Readonly<Record<string, string>>, more: readonly Entry[] = []): Root => {
    const files = Object.entries(texts).map(([path, text]): Entry => {
      const size = Buffer.byteLength(text);
      const blob = digestOf(Buffer.from(text));
      return { type: "file", path: parseTreePath(path), mode: 0o644, uid: 0, gid: 0, size, blob };
    });
    const bytes = (path: string) => (texts[path] === undefined ? undefined : Buffer.from(texts[path]));
    return { tree: makeTree([...files, ...more]), bytes, read: (path) => texts[path] };
  };
  const licensed = (...names: readonly string[]) =>
    ["Format: https://x/1.0/", ...names.map((name) => `\nFiles: ${name}\nLicense: ${name}\n text`)].join(
      "\n",
    );
  const units = "etc/systemd/system";

  test("files, accounts, services, licences and size", () => {
    const before = root(
      {
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\na:x:1:1::/home/a:/bin/sh\n",
        "etc/group": "root:x:0:\nsudo:x:27:a\n",
        "usr/share/doc/lib/copyright": licensed("MIT", "GPL-2"),
        "usr/share/doc/plain/copyright": "License: none that is machine-readable",
        gone: "12345",
      },
      [link(`${units}/multi-user.target.wants/ssh.service`, "/x"), link("bin", "usr/bin")],
    );
    const after = root(
      {
        "etc/passwd": "root:x:0:0:root:/root:/bin/zsh\n",
        "etc/group": "root:x:0:\nsudo:x:27:\n",
        "usr/share/doc/lib/copyright": licensed("MIT", "MIT"),
        "usr/share/doc/plain/copyright": "License: another",
        came: "123",
      },
      [link(`${units}/ssh.service`, "/dev/null"), link("bin", "usr/sbin")],
    );
    const { files, size, ...rest } = rootChange(before, after);
    expect(rest).toEqual({
      users: [
        { name: "a", before: "1:1 /home/a /bin/sh" },
        { name: "root", before: "0:0 /root /bin/bash", after: "0:0 /root /bin/zsh" },
      ],
      groups: [{ name: "sudo", before: "27 a", after: "27" }],
      services: [{ name: "ssh.service", before: "multi-user.target", after: "masked" }],
      licences: [{ name: "lib", before: "GPL-2; MIT", after: "MIT" }],
    });
    expect(files.filter(({ path }) => !/^(etc|usr)/.test(path))).toEqual([
      { path: "bin", verb: "changed", aspects: ["target"], growth: 0 },
      { path: "came", verb: "added", growth: 3 },
      { path: "gone", verb: "removed", growth: -5 },
    ]);
    expect(size.after - size.before).toBe(files.reduce((sum, { growth }) => sum + growth, 0));
    expect(rootChange(after, after).files).toEqual([]);
  });
});

/** Whatever the order of keys. */
function isEqual(one: unknown, two: unknown): boolean {
  try {
    expect(one).toEqual(two);
    return true;
  } catch {
    return false;
  }
}

describe("derivations", () => {
  const made = (label: string, inputs: Record<string, Input> = {}, parameters = label): Derivation =>
    derivation({ builder: "b", label, parameters: { text: parameters }, inputs, outputs: ["out"] });
  const from = (item: Derivation): Input => ({ derivation: item, output: "out" });

  test("each that would be built anew, with the first input or parameter that makes it so", () => {
    const [base, other] = [made("base"), made("other")];
    const [old, young] = [made("lib", {}, "1"), made("lib", {}, "2")];
    const before = [base, old, made("app", { base: from(base), lib: from(old) })];
    const after = [base, young, other, made("app", { base: from(base), lib: from(young) })];
    expect(derivationChanges(before, after)).toEqual([
      { builder: "b", label: "lib", verb: "rebuilt", because: 'parameters.text: "1" became "2"' },
      { builder: "b", label: "other", verb: "new" },
      { builder: "b", label: "app", verb: "rebuilt", because: "the input lib, b lib" },
    ]);
    expect(derivationChanges(after, after)).toEqual([]);
    expect(derivationChanges([base, other], [base])).toEqual([
      { builder: "b", label: "other", verb: "gone" },
    ]);
  });

  test("inputs that came, went, or are made otherwise", () => {
    const [one, two] = [made("one"), made("two")];
    const because = (before: Record<string, Input>, after: Record<string, Input>) =>
      derivationChanges([made("app", before)], [made("app", after)])[0]?.because;
    expect(because({}, { lib: from(one) })).toBe("the input lib is new: b one");
    expect(because({ lib: from(one) }, {})).toBe("the input lib is gone");
    expect(because({ lib: from(one) }, { lib: from(two) })).toBe("the input lib: b one became b two");
  });
});

describe("packages", () => {
  const source = { distro: "d", architecture: "amd64", repositories: [], pins: [] };
  type Asked = Pick<ClosureQuestion, "requests" | "base" | "root">;
  /** `packages`: `NAME VERSION WANTED-BY`. */
  const lock = (answers: readonly (Asked & { readonly packages: readonly string[] })[]): Lock =>
    answers.reduce((known, { packages, ...asked }) => {
      const question = closureQuestion({ source, ...asked, exclude: [], locals: [] });
      const chosen = packages.map((text) => {
        const [name = "", version = "", by = ""] = text.split(" ");
        const stanza = { Package: name, Version: version, Architecture: "amd64", "Installed-Size": "10" };
        const origin = { repository: "r", suite: "s" };
        return { name, version, architecture: "amd64", stanza, origin, reasons: [{ by, relation: name }] };
      });
      return withAnswer(known, question, { packages: chosen, date: 0 }, []);
    }, emptyLock);

  test("of a plan those of its closures, with what kit builds", () => {
    const chosen = (name: string): ChosenPackage => ({
      ...{ name, version: "1", architecture: "amd64", origin: "local", reasons: [] },
      stanza: { Package: name, Version: "1", Architecture: "amd64" },
    });
    const asked = (base: readonly string[], ...names: readonly string[]) => ({
      question: closureQuestion({ source, requests: [], base, exclude: [], locals: [] }),
      closure: { packages: names.map(chosen), date: 0 },
    });
    const found = chosenPackages([asked([], "tool", "both"), asked(["essential"], "own", "both")]);
    expect(found.map(({ name, role }) => `${name} ${role}`).sort()).toEqual([
      "both root",
      "own root",
      "tool tools",
    ]);
  });

  test("of a root those that dpkg has as installed", () => {
    const status = (name: string, state: string) =>
      `Package: ${name}\nStatus: ${state}\nInstalled-Size: 2\nArchitecture: amd64\nVersion: 1\n`;
    const texts = [
      status("a", "install ok installed"),
      status("b", "hold ok installed"),
      status("c", "install ok triggers-pending"),
      status("gone", "deinstall ok config-files"),
    ];
    expect(installedPackages(texts.join("\n")).map(({ name, installed }) => [name, installed])).toEqual([
      ["a", 2048],
      ["b", 2048],
      ["c", 2048],
    ]);
  });

  test("those of an image whose base is empty are no tools", () => {
    const root = { requests: ["app"], base: [], root: true } as const;
    const pinned = lock([
      { ...root, packages: ["app 1 request"] },
      { requests: ["tool"], base: [], packages: ["tool 1 request"] },
    ]);
    expect(packagesIn(pinned).map(({ name, role }) => `${name} ${role}`)).toEqual(["app root", "tool tools"]);
    const question = closureQuestion({ source, ...root, exclude: [], locals: [] });
    expect([isRoot(question), isRoot({ base: [] })]).toEqual([true, false]);
    // What every other root's question is called by stays as it was.
    const based = closureQuestion({ ...question, base: ["essential"] });
    expect(Object.keys(based)).not.toContain("root");
  });

  test("those of roots apart from those of tools, with what they take and who brings them", () => {
    const root = { requests: ["app"], base: ["essential"] };
    const tools = { requests: ["tool"], base: [] };
    const before = lock([
      { ...root, packages: ["app 1 request", "old 1 app"] },
      { ...tools, packages: ["tool 1 request", "app 1 request"] },
    ]);
    const after = lock([
      { ...root, packages: ["app 1.1 request", "lib 1 app"] },
      { ...tools, packages: ["tool 2 request"] },
    ]);
    const changes = packageChanges(packagesIn(before), packagesIn(after));
    expect(changes.map(({ name, role, verb, growth }) => [name, role, verb, growth])).toEqual([
      ["app", "root", "upgraded", 0],
      ["lib", "root", "added", 10_240],
      ["old", "root", "removed", -10_240],
      ["tool", "tools", "upgraded", 0],
    ]);
    const [, lib, old] = changes;
    expect([lib && openWays(after)(lib), old && openWays(before)(old), lib && openWays(before)(lib)]).toEqual(
      ["app -> lib", "app -> old", undefined],
    );
  });
});

test("source packages that are pinned are told as such, also where their files alone are others", () => {
  const pinned = (version: string, files: string): Lock => ({
    ...emptyLock,
    sources: {
      digest: {
        ...{ question: "debian/trixie source: hello", distro: "debian/trixie", date: 0, from: "main trixie" },
        stanza: { Package: "hello", Version: version, Architecture: "any", "Checksums-Sha256": files },
      },
    },
  });
  const changes = (before: Lock, after: Lock) =>
    packageChanges(packagesIn(before), packagesIn(after)).map(
      ({ verb, name, architecture, role, before: was, after: is }) =>
        `${role} ${verb} ${name}:${architecture} ${[...was, ...is].join(" ")}`,
    );
  expect(changes(pinned("1", "a"), pinned("1", "a"))).toEqual([]);
  expect(changes(pinned("1", "a"), pinned("2", "b"))).toEqual(["source upgraded hello:source 1 2"]);
  expect(changes(pinned("1", "a"), pinned("1", "b"))).toEqual(["source changed hello:source 1 1"]);
  expect(changes(emptyLock, pinned("1", "a"))).toEqual(["source added hello:source 1"]);
});
