// Packages and indexes that are wrong, served by an archive of the test's own: each is refused, nothing of it is seen.
// Where the wrong can be mended, the same command goes well afterwards.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rawAr, rawTar } from "../builders/archive/rig.ts";
import { makeSigner } from "../builders/repository/signing.ts";
import { readTar } from "../rig/tar.ts";
import { type Deb, makeDeb, makeRawDeb } from "./deb.ts";
import { openSmall, type Small } from "./small.ts";

let small: Small;
beforeAll(async () => {
  small = await openSmall();
});
afterAll(() => small[Symbol.asyncDispose]());
beforeEach(() => small.archive.publish());

/** A root without a base cannot be configured, but what is tried here ends before that. */
const noBase: readonly string[] = [];
/** A packed tar of one file of zeros. */
const zeros = (name: string, size: number): Buffer =>
  gzipSync(rawTar({ name, content: Buffer.alloc(size) }), { level: 1 });
const greeting = makeDeb("greeting", { "usr/share/greeting": "hello\n" });

async function publish(...debs: readonly Deb[]): Promise<void> {
  for (const deb of debs) small.archive.add(deb);
  await small.archive.publish();
}

describe("packages that cannot be had", () => {
  test("an unknown package", async () => {
    using attempt = small.attempt();
    attempt.image(["no-such-thing"]);
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/unsatisfiable"]);
    expect(text).toContain("no-such-thing");
  });

  test("an unknown package that a local one needs", async () => {
    using attempt = small.attempt();
    attempt.image(["./own.yaml"]);
    attempt.write({
      "own.yaml":
        'kind: package\nname: own\nversion: "1"\nbuilder: deb-files\narchitectures: [all]\ndependencies: [no-such-thing]\n',
    });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/unsatisfiable"]);
    expect(text).toMatch(/own[\s\S]*no-such-thing/);
  });

  test("a version nobody has", async () => {
    await publish(makeDeb("needs-new", {}, { Depends: "dash (>= 99)" }));
    using attempt = small.attempt();
    attempt.image(["needs-new"]);
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/unsatisfiable"]);
    expect(text).toMatch(/needs-new[\s\S]*dash \(>= 99\)/);
  });

  test("two that exclude each other", async () => {
    await publish(makeDeb("cat-lover", {}, { Conflicts: "dog-lover" }), makeDeb("dog-lover"));
    using attempt = small.attempt();
    attempt.image(["cat-lover", "dog-lover"]);
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/unsatisfiable"]);
    expect(text).toMatch(/cat-lover[\s\S]*dog-lover/);
  });

  test("one that the image excludes", async () => {
    using attempt = small.attempt();
    attempt.image(["dash"], "exclude: [libc6]\n");
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/unsatisfiable"]);
    expect(text).toContain("libc6");
  });
});

describe("packages that cannot lie in one root", () => {
  test("two with one path and different content", async () => {
    await publish(
      makeDeb("first", { "usr/share/mine": "first\n" }),
      makeDeb("second", { "usr/share/mine": "second\n" }),
    );
    using attempt = small.attempt({ base: noBase });
    attempt.image(["first", "second"]);
    const { text } = await attempt.refuses(
      ["realize", "image.yaml", "--jobs", "1"],
      3,
      ["manifest/file-conflict"],
      { keepsLock: true },
    );
    expect(text).toMatch(/\/usr\/share\/mine .*first 1\.0.*second 1\.0/);
  });

  test("a local one with a path of the base's", async () => {
    using attempt = small.attempt();
    attempt.image(["./own.yaml"]);
    attempt.write({
      "own.yaml":
        'kind: package\nname: own\nversion: "1"\nbuilder: deb-files\narchitectures: [all]\nfiles: [{path: /bin/dash, content: "not a shell"}]\n',
    });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 3, ["manifest/file-conflict"], {
      keepsLock: true,
    });
    expect(text).toMatch(/dash .*own 1/);
  });

  test("a file of a package that is a folder of another one's, or a unit; a script of another system", async () => {
    using attempt = small.attempt();
    const head = 'kind: package\nname: own\nversion: "1"\nbuilder: deb-files\narchitectures: [all]\n';
    const refused = async (rest: string, code: string, spot: string) => {
      attempt.write({
        "own.yaml": `${head}${rest}`,
        "a.service": "[Service]\nExecStart=/bin/true\n",
        script: "#!/bin/sh\r\ntrue\r\n",
      });
      const fault = await attempt.refuses(["realize", "own.yaml"], 3, [code], { keepsLock: true });
      expect(fault.spots).toEqual([spot]);
    };
    await refused(
      "files: [{path: /etc/x, content: x}, {path: /etc/x/y, content: y}]\n",
      "manifest/path-clash",
      "own.yaml:6:44",
    );
    await refused(
      "deb: {units: [./a.service]}\nfiles: [{path: /usr/lib/systemd/system/a.service, content: x}]\n",
      "manifest/path-clash",
      "own.yaml:6:15",
    );
    await refused("deb: {scripts: {postinst: ./script}}\n", "manifest/bad-script", "own.yaml:6:27");
  });
});

describe("packages that are not what they should be", () => {
  test("other bytes than the index says; the right ones mend it", async () => {
    await publish(greeting);
    const path = [...small.archive.content.keys()].find((name) => name.includes("greeting")) ?? "";
    const right = small.archive.content.get(path) ?? Buffer.alloc(0);
    const wrong = Buffer.from(right);
    wrong[wrong.length - 20] = (wrong.at(-20) ?? 0) ^ 1;
    using attempt = small.attempt();
    attempt.image(["greeting"]);
    for (const bytes of [wrong, right.subarray(0, -1), Buffer.concat([right, Buffer.from("x")])]) {
      small.archive.content.set(path, bytes);
      const { text } = await attempt.refuses(["realize", "image.yaml"], 8, ["digest/mismatch"], {
        keepsLock: true,
      });
      expect(text).toContain("greeting_1.0_all.deb");
    }
    small.archive.content.set(path, right);
    const { paths } = await attempt.does(["realize", "image.yaml"]);
    expect(
      readTar(paths.get("tar") ?? "")
        .read("usr/share/greeting")
        .toString(),
    ).toBe("hello\n");
  });

  const file = (name: string, link = "") => ({ name, link, content: "x" });
  const bad: [string, string, Deb][] = [
    ["cut off", "digest/bad-deb", { ...greeting, bytes: greeting.bytes.subarray(0, -40) }],
    ["cut off in its head", "digest/bad-deb", { ...greeting, bytes: greeting.bytes.subarray(0, 40) }],
    ["no archive at all", "digest/bad-deb", { ...greeting, bytes: Buffer.from("<html>not found</html>") }],
    [
      "without a data member",
      "digest/bad-deb",
      {
        ...greeting,
        bytes: rawAr(
          { name: "debian-binary", content: "2.0\n" },
          { name: "control.tar", content: rawTar({ name: "./control", content: "Package: greeting\n" }) },
        ),
      },
    ],
    [
      "of another format",
      "digest/bad-deb",
      { ...greeting, bytes: rawAr({ name: "debian-binary", content: "3.0\n" }) },
    ],
    ["with a path that climbs", "digest/unsafe-path", makeRawDeb("greeting", file("./usr/../../etc/x"))],
    ["with a path that is ..", "digest/unsafe-path", makeRawDeb("greeting", file(".."))],
    ["with an absolute path", "digest/unsafe-path", makeRawDeb("greeting", file("/etc/x"))],
    [
      "with a file through an absolute link",
      "digest/unsafe-path",
      makeRawDeb("greeting", { name: "./etc", flag: "2", link: "/" }, file("./etc/x")),
    ],
    [
      "with a file through a link that climbs",
      "digest/unsafe-path",
      makeRawDeb("greeting", { name: "./a", flag: "2", link: "../../.." }, file("./a/x")),
    ],
    [
      "with a hard link to outside",
      "digest/unsafe-path",
      makeRawDeb("greeting", { name: "./x", flag: "1", link: "../etc/passwd" }),
    ],
    [
      "with a hard link to what it does not hold",
      "digest/bad-deb",
      makeRawDeb("greeting", { name: "./x", flag: "1", link: "./etc/passwd" }),
    ],
    ["with a line break in a path", "digest/unsafe-path", makeRawDeb("greeting", file("./a\nb"))],
    [
      "of an owner no sandbox has",
      "digest/bad-deb",
      makeRawDeb("greeting", { ...file("./x"), uid: "0210560\0" }),
    ],
    [
      "whose control file is 70 MB of zeros, packed",
      "digest/bomb",
      {
        ...greeting,
        bytes: rawAr(
          { name: "debian-binary", content: "2.0\n" },
          { name: "control.tar.gz", content: zeros("./control", 70e6) },
          { name: "data.tar", content: rawTar({ name: "./", flag: "5" }) },
        ),
      },
    ],
  ];
  test.for(bad)("a .deb %s", async ([, code, deb]) => {
    await publish(deb);
    using attempt = small.attempt({ base: noBase });
    attempt.image(["greeting"]);
    const { text } = await attempt.refuses(["realize", "image.yaml"], 8, [code], { keepsLock: true });
    expect(text).toContain("greeting_1.0_all.deb");
  });

  test("a .deb beside its manifest is given out as it is, linked and kept", async () => {
    using attempt = small.attempt({ base: noBase });
    attempt.write({
      "own.yaml": "kind: package\nname: greeting\nbuilder: deb-prebuilt\nsources: [{file: ./own.deb}]\n",
      "own.deb": greeting.bytes,
    });
    const outcome = await attempt.does(["realize", "own.yaml", "-o", "link"]);
    expect(outcome.stdout).toMatch(/^deb \/.*\/greeting_1\.0_all\.deb all greeting\n$/);
    expect(readFileSync(join(attempt.folder, "link")).equals(greeting.bytes)).toBe(true);
  });

  test("a .deb beside its manifest, cut off", async () => {
    using attempt = small.attempt({ base: noBase });
    attempt.image(["./own.yaml"]);
    attempt.write({
      "own.yaml": "kind: package\nname: greeting\nbuilder: deb-prebuilt\nsources: [{file: ./own.deb}]\n",
      "own.deb": greeting.bytes.subarray(0, -40),
    });
    await attempt.refuses(["realize", "image.yaml"], 8, ["digest/bad-deb"], { keepsLock: true });
    expect(readFileSync(join(attempt.folder, "image.lock"), "utf8")).toContain('"partial": true');
  });

  test("a .deb beside its manifest, of another package", async () => {
    using attempt = small.attempt({ base: noBase });
    attempt.image(["./own.yaml"]);
    attempt.write({
      "own.yaml": "kind: package\nname: farewell\nbuilder: deb-prebuilt\nsources: [{file: ./own.deb}]\n",
      "own.deb": greeting.bytes,
    });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 3, ["manifest/wrong-package"]);
    expect(text).toContain("greeting");
  });

  test("a .deb beside its manifest, of another version", async () => {
    using attempt = small.attempt({ base: noBase });
    attempt.image(["./own.yaml"]);
    attempt.write({
      "own.yaml":
        'kind: package\nname: greeting\nversion: "9"\nbuilder: deb-prebuilt\nsources: [{file: ./own.deb}]\n',
      "own.deb": greeting.bytes,
    });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 3, ["manifest/wrong-package"]);
    expect(text).toContain("version 1.0, not 9");
  });

  test.each([
    ["of another architecture", "Package: greeting\nVersion: 1\nArchitecture: riscv64\n", 3, "greeting"],
    ["whose control file is none", "this is no control file\n", 8, "./own.deb"],
    ["without a control file", undefined, 8, "no control file"],
  ])("a .deb beside its manifest, %s", async (_, control, exit, named) => {
    using attempt = small.attempt({ base: noBase });
    attempt.image(["./own.yaml"]);
    attempt.write({
      "own.yaml": "kind: package\nname: greeting\nbuilder: deb-prebuilt\nsources: [{file: ./own.deb}]\n",
      "own.deb": rawAr(
        { name: "debian-binary", content: "2.0\n" },
        {
          name: "control.tar",
          content: rawTar({
            name: control === undefined ? "./postinst" : "./control",
            content: control ?? "",
          }),
        },
        { name: "data.tar", content: rawTar({ name: "./", flag: "5" }) },
      ),
    });
    const code = exit === 3 ? "manifest/unsupported-architecture" : "digest/bad-deb";
    const { text, places } = await attempt.refuses(["realize", "image.yaml"], exit, [code], {
      // The image is planned by then.
      keepsLock: control === undefined,
    });
    expect(text).toContain(named);
    // What is wrong with the archive itself shows when it is unpacked, and names the file.
    if (control === undefined) expect(text).toContain("own.deb");
    expect(places).toEqual(["own.yaml:4"]);
  });

  test("a .deb from an address, whose digest the manifest has wrong", async () => {
    await publish(greeting);
    using attempt = small.attempt({ base: noBase });
    attempt.image(["./own.yaml"]);
    const url = `${small.archive.uri}/pool/greeting_1.0_all.deb`;
    attempt.write({
      "own.yaml": `kind: package\nname: greeting\nbuilder: deb-prebuilt\nsources: [{url: "${url}", sha256: ${"a".repeat(64)}}]\n`,
    });
    const keepsLock = true;
    const { spots } = await attempt.refuses(["realize", "image.yaml"], 8, ["digest/mismatch"], { keepsLock });
    expect(spots).toEqual([`own.yaml:4:${`sources: [{url: "${url}", sha256: `.length + 1}`]);
    attempt.write({
      "own.yaml": `kind: package\nname: greeting\nbuilder: deb-prebuilt\nsources: [{url: "${url}.not", sha256: ${"a".repeat(64)}}]\n`,
    });
    const absent = await attempt.refuses(["realize", "image.yaml"], 6, ["network/not-found"], { keepsLock });
    expect(absent.spots).toEqual(["own.yaml:4:17"]);
  });
});

describe("indexes that cannot be believed", () => {
  const inRelease = "dists/stable/InRelease";
  const index = "dists/stable/main/binary-amd64/Packages.gz";
  const text = (change: (text: string) => string) => () =>
    void small.archive.content.set(
      inRelease,
      Buffer.from(change(String(small.archive.content.get(inRelease)))),
    );
  const day = 86_400_000;
  const cases: [string, string, () => unknown][] = [
    [
      "whose text was changed after it was signed",
      "digest/bad-signature",
      text((old) => old.replace("Origin: Small", "Origin: Smart")),
    ],
    [
      "whose signature is damaged",
      "digest/unsigned",
      text((old) => old.replace(/\n\n[A-Za-z0-9+/]{20}/, "\n\n####")),
    ],
    [
      "that is not signed",
      "digest/unsigned",
      text((old) => old.replace(/^[\s\S]*?\n\n/, "").replace(/-----BEGIN[\s\S]*/, "")),
    ],
    ["with more text after the signature", "digest/unsigned", text((old) => `${old}Suite: other\n`)],
    [
      "signed by a key nobody named",
      "digest/unknown-key",
      async () => await small.archive.publish({ signer: await makeSigner() }),
    ],
    [
      "whose time has passed",
      "digest/expired-index",
      () =>
        small.archive.publish({
          date: new Date(Date.now() - 9 * day),
          validUntil: new Date(Date.now() - 2 * day),
        }),
    ],
    [
      "from the future",
      "digest/future-index",
      () => small.archive.publish({ date: new Date(Date.now() + 9 * day) }),
    ],
    ["of another suite", "digest/bad-signature", text((old) => old.replace("Suite: stable", "Suite: other"))],
    [
      "whose list of packages was exchanged",
      "digest/mismatch",
      () => void small.archive.content.set(index, Buffer.from("other")),
    ],
  ];
  test.for(cases)("one %s", async ([, code, spoil]) => {
    await spoil();
    // A store that has nothing: an index that is there already is not fetched, whatever the archive has.
    using attempt = small.attempt({ store: "own" });
    attempt.image([]);
    await attempt.refuses(["realize", "image.yaml"], 8, [code]);
  });

  test("one that a signed archive does not have", async () => {
    const kept = small.archive.content.get(index) ?? Buffer.alloc(0);
    small.archive.content.delete(index);
    using attempt = small.attempt({ store: "own" });
    attempt.image([]);
    await attempt.refuses(["realize", "image.yaml"], 6, ["network/not-found"]);
    small.archive.content.set(index, kept);
  });
});

test("an archive that cannot be reached: the variable that helps is named", async () => {
  using attempt = small.attempt();
  attempt.image([]);
  const nowhere = small.archive.uri.replace(/:\d+/, ":9");
  attempt.write({
    "small.yaml": `kind: distro\nname: nowhere\nformat: deb\narchitectures: [amd64]\nrepositories: [{name: main, uri: "${nowhere}", suites: [stable], signedBy: ./small.asc}]\nbase: []\n`,
  });
  const { text } = await attempt.refuses(["realize", "image.yaml"], 6, ["network/unreachable"]);
  expect(text).toContain("KIT_MIRRORS");
  expect(text).toContain("127.0.0.1:9");
});
