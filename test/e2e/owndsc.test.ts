// Source packages of one's own, by the command a user runs: made by dpkg-source, signed by gpg, altered by the test.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256Of } from "../../store/model/digest.ts";
import { files as filesOf, serve, type TestServer } from "../builders/fetch/server.ts";
import { built, done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place, writeFiles } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";

let place: Place;
/** For what is refused: with a store that has little to be looked through. */
let bad: Place;
let server: TestServer;
let first: Outcome;
const served: Record<string, Buffer> = {};
const dsc = "hi_1.0-1.dsc";
const listed = ["hi_1.0-1.debian.tar.xz", "hi_1.0.orig.tar.gz"];
/** The .dsc as dpkg-source writes it. */
let plain = "";

/** 23 s and 80 MB with a near mirror: bookworm's build-essential. */
beforeAll(async () => {
  place = openPlace("owndsc");
  makeSource(place.folder);
  plain = readFileSync(join(place.folder, dsc), "utf8");
  writeFileSync(join(place.folder, "plain.dsc"), plain);
  for (const [name, who] of [
    ["signed", "own@example.org"],
    ["strange", "stranger@example.org"],
  ] as const) {
    gpg("--passphrase", "", "--quick-gen-key", who, "ed25519", "sign", "never");
    gpg("--local-user", who, "--output", `${name}.dsc`, "--clearsign", "plain.dsc");
    writeFileSync(join(place.folder, `${name}.gpg`), gpg("--export", who));
    writeFileSync(join(place.folder, `${name}.asc`), gpg("--armor", "--export", who));
  }
  renameSync(join(place.folder, "signed.dsc"), join(place.folder, dsc));
  server = await serve((request, response) => filesOf(served)(request, response));
  write("hi", `dsc: ./${dsc}, signedBy: ./signed.gpg`);
  first = await run("realize", "hi.yaml");
  bad = openPlace("owndsc-bad");
  const taken = readdirSync(place.folder).filter((name) => /\.(?:dsc|gpg|asc|xz|gz)$/.test(name));
  for (const name of taken) cpSync(join(place.folder, name), join(bad.folder, name));
});
afterAll(async () => {
  await server.stop();
  execFileSync("gpgconf", ["--kill", "all"], { env: gpgEnvironment() });
  expect(flawsOf(place.store)).toEqual([]);
  bad[Symbol.dispose]();
  place[Symbol.dispose]();
});

function makeSource(folder: string): void {
  const tree = join(folder, "hi-1.0");
  const rules = `#!/usr/bin/make -f
build build-arch build-indep clean binary-arch:
binary binary-indep:
\tmkdir -p debian/hi/DEBIAN debian/hi/usr/share/hi
\tcp words debian/hi/usr/share/hi/
\tdpkg-gencontrol -Pdebian/hi
\tdpkg-deb --root-owner-group --build debian/hi ..
`;
  writeFiles(tree, { words: "hi\n" });
  execFileSync("tar", ["-czf", "hi_1.0.orig.tar.gz", "hi-1.0"], { cwd: folder });
  writeFiles(tree, {
    "debian/control":
      "Source: hi\nMaintainer: A <a@example.org>\nStandards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: hi\nArchitecture: all\nDescription: says hi\n",
    "debian/changelog":
      "hi (1.0-1) unstable; urgency=medium\n\n  * First.\n\n -- A <a@example.org>  Mon, 01 Jun 2026 12:00:00 +0000\n",
    "debian/rules": rules,
    "debian/source/format": "3.0 (quilt)\n",
    // Its own patch is applied when it is unpacked.
    "debian/patches/series": "more.patch\n",
    "debian/patches/more.patch":
      "Description: says more\n--- a/words\n+++ b/words\n@@ -1 +1,2 @@\n hi\n+again\n",
  });
  execFileSync("chmod", ["+x", join(tree, "debian/rules")]);
  execFileSync("dpkg-source", ["--build", "hi-1.0"], { cwd: folder, stdio: "ignore" });
  rmSync(tree, { recursive: true });
}

const gpgEnvironment = () => ({ PATH: process.env["PATH"], GNUPGHOME: join(place.folder, ".gnupg") });

function gpg(...words: string[]): Buffer {
  mkdirSync(join(place.folder, ".gnupg"), { recursive: true, mode: 0o700 });
  const quiet = ["--batch", "--quiet", "--pinentry-mode", "loopback"];
  return execFileSync("gpg", [...quiet, ...words], { cwd: place.folder, env: gpgEnvironment() });
}

const run = (...words: string[]): Promise<Outcome> =>
  kit([...words, "--json"], { cwd: place.folder, store: place.store });

/** `NAME.yaml`: the package, of one source with these keys. */
function write(name: string, source: string, more = ""): void {
  (name === "bad" ? bad : place).write({
    [`${name}.yaml`]: `kind: package\nname: hi\nbuilder: deb-source\ndistro: debian/bookworm\nsources:\n  - {${source}}\n${more}`,
  });
}

const made = (outcome: Outcome) =>
  told(done(outcome)).flatMap(({ type, how, builder, label }) =>
    type === "end" && how === "built" ? [`${builder} ${label}`] : [],
  );

describe("a .dsc beside the manifest", () => {
  test("is built, its patches applied, of what lies beside it", () => {
    const deb = done(first).paths.get("hi") ?? "";
    const words = execFileSync("sh", [
      "-c",
      `dpkg-deb --fsys-tarfile "${deb}" | tar -xO ./usr/share/hi/words`,
    ]);
    expect(words.toString()).toBe("hi\nagain\n");
    expect(built(first)).toContain("hi_1.0-1");
    // Nothing of it was asked for anywhere.
    expect(built(first).filter((label) => /^hi_.*tar/.test(label))).toEqual([]);
  });

  test("is known by what is in it: elsewhere, and by other keys that hold, nothing is built of it again", async () => {
    mkdirSync(join(place.folder, "elsewhere"));
    for (const name of [dsc, ...listed])
      cpSync(join(place.folder, name), join(place.folder, "elsewhere", name));
    renameSync(join(place.folder, "elsewhere", dsc), join(place.folder, "elsewhere/other.dsc"));
    write("moved", "dsc: ./elsewhere/other.dsc, signedBy: ./signed.asc");
    expect(made(await run("realize", "moved.yaml"))).toEqual(["dsc other.dsc read"]);
  });

  test("without a signature is taken where that is said, and why-rebuild tells that it is another", async () => {
    write("hi", "dsc: ./plain.dsc, unsigned: true");
    const why = done(await run("why-rebuild", "hi.yaml"));
    const { builds } = JSON.parse(why.stdout) as { builds: { label: string; because: string }[] };
    expect(builds.find(({ label }) => label === "hi source")?.because).toContain(`the input file ${dsc}`);
    // The tree is the same.
    expect(made(await run("realize", "hi.yaml"))).toEqual(["deb-unpack hi source"]);
    write("hi", "dsc: ./strange.dsc, unsigned: true");
    expect(made(await run("realize", "hi.yaml"))).toEqual(["dsc strange.dsc read", "deb-unpack hi source"]);
  });

  test("gives a folder of a source, too, and its version may be asked for", async () => {
    write("hi", `dsc: ./${dsc}, signedBy: ./signed.asc, version: 1.0-1`, 'version: "1.0-1"\n');
    expect(made(await run("realize", "hi.yaml"))).toEqual([]);
    write("bad", `dsc: ./${dsc}, signedBy: ./signed.asc, version: 1.0-2`);
    expect((await refusal(3, "manifest/wrong-package")).text).toContain("write version: 1.0-1");
  });
});

test("a .dsc at an address: what it lists is taken from its folder, by its digests, or from beside the manifest", async () => {
  for (const name of [dsc, ...listed]) served[`/pool/${name}`] = readFileSync(join(place.folder, name));
  using other = openPlace("owndsc-address");
  const { yaml } = addressed("/pool/");
  other.write({ "hi.yaml": yaml, "signed.gpg": readFileSync(join(place.folder, "signed.gpg")) });
  done(await kit(["lock", "hi.yaml"], { cwd: other.folder, store: other.store }));
  expect([...server.requests].sort()).toEqual(
    [`/pool/${listed[0]}`, `/pool/${dsc}`, `/pool/${listed[1]}`].sort(),
  );
  // In the first store all of it is there but the .dsc, which lies beside this manifest as well.
  server.requests.length = 0;
  place.write({ "at.yaml": yaml });
  expect(made(await run("realize", "at.yaml"))).toEqual([]);
  expect(server.requests).toEqual([]);
});

function addressed(folder: string): { readonly yaml: string } {
  const sha256 = sha256Of(readFileSync(join(place.folder, dsc)));
  return {
    yaml: `kind: package\nname: hi\nbuilder: deb-source\ndistro: debian/bookworm\nsources:\n  - {dsc: "${server.url}${folder}${dsc}", sha256: ${sha256}, signedBy: ./signed.gpg}\n`,
  };
}

async function refusal(status: number, code: string) {
  const options = { cwd: bad.folder, store: bad.store, keepsLock: true };
  const refused = await refuses(["realize", "bad.yaml"], options, status, code);
  expect(refused.places).toEqual(["bad.yaml:6"]);
  return refused;
}

describe("refused, at its place in the manifest", () => {
  test("no signature, an unknown one, one that does not hold, and keys that are none", async () => {
    write("bad", "dsc: ./plain.dsc, signedBy: ./signed.gpg");
    const unsigned = await refusal(8, "digest/unsigned");
    expect(unsigned.text).toContain("plain.dsc: not a signed text: it does not begin as a signed text");
    expect(unsigned.text).toContain("say unsigned: true in place of signedBy");
    write("bad", "dsc: ./strange.dsc, signedBy: ./signed.asc");
    const strange = await refusal(8, "digest/unknown-key");
    expect(strange.text).toMatch(/strange\.dsc: signed by unknown keys: [0-9A-F]{16}\n/);
    expect(strange.text).toContain("keys that are trusted: ");
    const altered = readFileSync(join(bad.folder, dsc), "utf8").replace("Standards-Version: 4.6.2", "$&.0");
    bad.write({ "altered.dsc": altered });
    write("bad", "dsc: ./altered.dsc, signedBy: ./signed.gpg");
    expect((await refusal(8, "digest/bad-signature")).text).toContain("take it anew");
    write("bad", `dsc: ./${dsc}, signedBy: ./plain.dsc`);
    expect((await refusal(3, "manifest/bad-key")).text).toContain("./plain.dsc: ");
    // Told again as it was, though it is a result by now.
    expect((await refusal(3, "manifest/bad-key")).text).toContain("./plain.dsc: ");
  });

  test("a signed text with more around it", async () => {
    bad.write({ "around.dsc": `Source: evil\n\n${readFileSync(join(bad.folder, dsc), "utf8")}` });
    write("bad", "dsc: ./around.dsc, signedBy: ./signed.gpg");
    await refusal(8, "digest/unsigned");
    bad.write({ "around.dsc": `${readFileSync(join(bad.folder, dsc), "utf8")}\nSource: evil\n` });
    await refusal(8, "digest/unsigned");
    write("bad", "dsc: ./around.dsc, unsigned: true");
    await refusal(8, "digest/unsigned");
  });

  test.each([
    [
      "a name that leads elsewhere",
      (text: string) => text.replaceAll("hi_1.0.orig.tar.gz", "../x.tar.gz"),
      "../x",
    ],
    ["a missing field", (text: string) => text.replace(/^Version: .*\n/m, ""), "it has no Version"],
    [
      "no list",
      (text: string) => text.replace(/^Checksums-Sha256:\n(?: .*\n)*/m, ""),
      "it has no Checksums-Sha256",
    ],
    [
      "a file that only Files lists",
      (text: string) => `${text} ${"0".repeat(32)} 1 x.tar.gz\n`,
      "which Files lists",
    ],
    ["what is no stanza", () => "\u0000\u0001", "no field"],
    ["a size beyond all bounds", (text: string) => text + "#".repeat(600_000), "more than 524288 bytes"],
  ])("%s", async (_, change, said) => {
    bad.write({ "odd.dsc": change(plain.trimEnd().concat("\n")) });
    write("bad", "dsc: ./odd.dsc, unsigned: true");
    expect((await refusal(8, "digest/malformed-source")).text).toContain(said);
  });

  test("a listed file that is not there, or something else", async () => {
    mkdirSync(join(bad.folder, "alone"));
    // Another upstream archive than the one that the store has.
    const [digest = "", size = ""] = / ([0-9a-f]{64}) (\d+) hi_1\.0\.orig/.exec(plain)?.slice(1) ?? [];
    const text = plain.replace(`${digest} ${size}`, `${"0".repeat(64)} ${size}`);
    bad.write({ [`alone/${dsc}`]: text });
    write("bad", `dsc: ./alone/${dsc}, unsigned: true`);
    const absent = await refusal(3, "manifest/missing-file");
    expect(absent.text).toContain("alone/hi_1.0.orig.tar.gz");
    bad.write({ "alone/hi_1.0.orig.tar.gz": "something else" });
    const other = await refusal(8, "digest/mismatch");
    expect(other.text).toContain("hi_1.0.orig.tar.gz is not the file that its .dsc lists");
  });

  test("a listed file of another size than is listed, though it has the digest", async () => {
    const [, size = ""] = / [0-9a-f]{64} (\d+) hi_1\.0\.orig/.exec(plain) ?? [];
    bad.write({ "longer.dsc": plain.replaceAll(` ${size} hi_1.0.orig`, ` ${Number(size) + 1} hi_1.0.orig`) });
    write("bad", "dsc: ./longer.dsc, unsigned: true");
    const { text } = await refusal(8, "digest/mismatch");
    expect(text).toContain("hi_1.0.orig.tar.gz is not the file that its .dsc lists");
  });

  test.each([
    [`dsc: ./${dsc}`, "signedBy and unsigned"],
    [`dsc: ./${dsc}, signedBy: ./signed.gpg, unsigned: true`, "signedBy and unsigned"],
    [`dsc: ./${dsc}, signedBy: ./signed.gpg, sha256: "${"0".repeat(64)}"`, "is at no address"],
    ["dsc: hello, unsigned: true", "whose archive signs it"],
    ['dsc: "https://example.org/x.dsc", unsigned: true', "has no sha256"],
    ["dsc: Hello", "is not a source package"],
  ])("%s", async (source, said) => {
    write("bad", source);
    expect((await refusal(3, "manifest/bad-value")).text).toContain(said);
  });

  test("what is not there, and what is a folder", async () => {
    write("bad", "dsc: ./none.dsc, unsigned: true");
    await refusal(3, "manifest/missing-file");
    write("bad", "dsc: ./alone, unsigned: true");
    await refusal(3, "manifest/wrong-type");
    write("bad", `dsc: ./${dsc}, signedBy: ./alone`);
    await refusal(3, "manifest/wrong-type");
  });
});
