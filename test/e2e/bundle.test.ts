// One file for a machine without a network: what goes in, what comes out, and what is made of files that are damaged.
// Namespaces without any network, their loopback down, stand for the machine.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTar } from "../rig/tar.ts";
import { built, codes, type Outcome, told } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

const isRoot = process.getuid?.() === 0;
const offline = isRoot ? ["unshare", "--net"] : ["unshare", "--user", "--map-current-user", "--net"];

let small: Small;
/** Where the bundles are made. */
let maker: Attempt;
let publicKey = "";
const at = (name: string) => join(maker.folder, name);
beforeAll(async () => {
  small = await openSmall();
  maker = small.attempt();
  fill(maker);
  await maker.does(["key", "generate", "maker", "-o", "maker.key"]);
  publicKey = (await maker.does(["key", "show", "maker.key"])).stdout.trim();
  await maker.does(["export", "images/image.yaml", "-o", "signed.kit", "--key", "maker.key"]);
  await maker.does(["export", "images/image.yaml", "-o", "unsigned.kit"]);
});
afterAll(async () => {
  maker[Symbol.dispose]();
  await small[Symbol.asyncDispose]();
});

/** An image with a package that is built, a folder with links in it, and manifests in several folders. */
function fill(attempt: Attempt): void {
  attempt.write({
    "images/image.yaml": `kind: image
name: image
distro: ../small.yaml
architectures: [amd64]
packages: [../packages/own/own.yaml]
files: [{path: /opt/app, from: ../app}]
outputs:
  - {type: tar}
`,
    "packages/own/own.yaml":
      'kind: package\nname: own\nversion: "1"\nbuilder: deb-files\narchitectures: [all]\nfiles: [{path: /usr/bin/own, from: ./own}]\n',
    "packages/own/own": "#!/bin/sh\necho own\n",
    "app/data/text": "text\n",
    "app/run": "#!/bin/sh\n",
    "unrelated/secret": "secret\n",
  });
  chmodSync(join(attempt.folder, "app/run"), 0o755);
  mkdirSync(join(attempt.folder, "app/empty"));
  symlinkSync("data/text", join(attempt.folder, "app/link"));
}

/** A machine that has nothing but the bundles. */
function machine(): Attempt {
  const attempt = small.attempt({ store: "own" });
  for (const name of ["small.yaml", "small.asc"]) rmSync(join(attempt.folder, name), { force: true });
  return attempt;
}

const alone = (attempt: Attempt, argv: readonly string[]) => attempt.run(argv, { before: offline });
const namesIn = (tar: string) => execFileSync("tar", ["-tf", tar], { encoding: "utf8" }).split("\n");
const imageOf = ({ paths }: Outcome) => readFileSync(paths.get("tar") ?? "");
/** What a refusal left behind, beside an empty store. */
const left = (attempt: Attempt) =>
  readdirSync(attempt.folder).filter((name) => !["store", ".cache"].includes(name));

async function refused(
  attempt: Attempt,
  argv: readonly string[],
  status: number,
  code: string,
): Promise<string> {
  const outcome = await alone(attempt, [...argv, "--json"]);
  expect([outcome.status, [...new Set(codes(outcome))]], outcome.stderr.slice(-2000)).toEqual([
    status,
    [code],
  ]);
  expect(outcome.stdout).toBe("");
  return told(outcome)
    .flatMap(({ faults = [] }) =>
      faults.flatMap(({ message, hint = "", details = [] }) => [message, hint, ...details]),
    )
    .join("\n");
}

describe("a bundle", () => {
  test("holds the manifest with what it names by path, and everything the lock pins", async () => {
    const names = namesIn(at("signed.kit"));
    expect(names.filter((name) => name.startsWith("manifest/")).sort()).toEqual([
      "manifest/about.json",
      ...[
        "app/data/text",
        "app/run",
        "images/image.lock",
        "images/image.yaml",
        "packages/own/own",
        "packages/own/own.yaml",
        "small.asc",
        "small.yaml",
      ].map((path) => `manifest/files/${path}`),
    ]);
    const { stdout } = await maker.does(["evaluate", "images/image.yaml", "--json"]);
    const { derivations } = JSON.parse(stdout) as { derivations: unknown[] };
    const results = new Set(names.flatMap((name) => /^results\/([^/]+)/.exec(name)?.[1] ?? []));
    expect(results.size).toBe(derivations.length);
    // Where the lock lies everything it pins is kept from collection: the same requests.
    const roots = readdirSync(join(maker.store, "roots")).map((name) =>
      JSON.parse(readFileSync(join(maker.store, "roots", name), "utf8")),
    ) as { kind: string; link: string; requests: string[] }[];
    const pinned = roots.find(({ kind, link }) => kind === "lock" && link === at("images/image.lock"));
    expect(pinned?.requests.length).toBeGreaterThan(10);
    expect(pinned?.requests.filter((request) => !results.has(request.slice(7)))).toEqual([]);
  });

  test("has the same bytes each time", async () => {
    await maker.does(["export", "images/image.yaml", "-o", "again.kit", "--key", "maker.key"]);
    expect(readFileSync(at("again.kit")).equals(readFileSync(at("signed.kit")))).toBe(true);
    expect(readdirSync(maker.folder).filter((name) => name.includes(".new"))).toEqual([]);
  });

  test("realizes what is not there yet, and takes the place of an older one", async () => {
    using other = small.attempt();
    fill(other);
    other.write({ "app/data/text": "other text\n" });
    cpSync(at("signed.kit"), join(other.folder, "image.kit"));
    const { stdout } = await other.does(["export", "images/image.yaml", "-o", "image.kit", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      unsigned: expect.any(Number),
      size: statSync(join(other.folder, "image.kit")).size,
    });
    expect(namesIn(join(other.folder, "image.kit")).some((name) => name.endsWith(".sig"))).toBe(false);
  });

  test("is not written over anything else, nor where there is no place for it", async () => {
    using other = small.attempt();
    fill(other);
    for (const [file, status, code] of [
      ["images/image.yaml", 2, "usage/not-a-file"],
      ["images", 2, "usage/not-a-file"],
      ["no/where.kit", 2, "usage/not-a-file"],
    ] as const)
      await other.refuses(["export", "images/image.yaml", "-o", file], status, [code]);
    await other.refuses(["export", "images/image.yaml"], 2, ["usage/arguments"]);
    await other.refuses(["export", "images/image.yaml", "-o", "x.kit", "--key", "gone"], 2, ["usage/no-key"]);
  });

  test.skipIf(!isRoot)("for which there is no room leaves nothing", async () => {
    const folder = at("narrow");
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", folder]);
    const outcome = await maker.run(["export", "images/image.yaml", "-o", "narrow/x.kit", "--json"]);
    expect([outcome.status, codes(outcome)]).toEqual([5, ["store/cache-full"]]);
    expect(readdirSync(folder)).toEqual([]);
    execFileSync("umount", [folder]);
  });
});

describe("a machine without any network", () => {
  test("takes it in, realizes the manifest, and keeps what it took", async () => {
    using attempt = machine();
    const outcome = await alone(attempt, ["import", at("signed.kit"), "--to", "out", "--trust", publicKey]);
    expect(outcome.status, outcome.stderr).toBe(0);
    const command = outcome.stdout.trim().split("\n").at(-1) ?? "";
    expect(command).toBe(`kit realize ${join(attempt.folder, "out/images/image.yaml")} --offline`);
    expect(left(attempt)).toEqual(["out"]);
    expect(existsSync(join(attempt.folder, "out/unrelated"))).toBe(false);
    await attempt.does(["gc"]);
    expect(flawsOf(attempt.store)).toEqual([]);
    const realized = await alone(attempt, [...command.split(" ").slice(1), "--json"]);
    expect(realized.status, realized.stderr).toBe(0);
    expect(built(realized)).toEqual([]);
    const image = imageOf(realized);
    expect(image.equals(imageOf(await maker.does(["realize", "images/image.yaml"])))).toBe(true);
    const members = readTar(realized.paths.get("tar") ?? "").members;
    expect([...members.keys()]).toEqual(
      expect.arrayContaining(["opt/app/link", "opt/app/empty", "usr/bin/own"]),
    );
    // Known as if they had been built here: by name, and by what was asked for.
    const notes = readdirSync(join(attempt.store, "results")).flatMap((fan) =>
      readdirSync(join(attempt.store, "results", fan)).map((name) => {
        const [, origin = ""] = readFileSync(join(attempt.store, "results", fan, name), "utf8").split("\n");
        return JSON.parse(origin) as {
          note: { label: string; builder: string };
          request?: object;
          signatures: string[];
        };
      }),
    );
    expect(notes.filter(({ request }) => request === undefined)).toEqual([]);
    expect(notes.map(({ note }) => note.label)).toContain("own_1_all.deb");
    expect(notes.every(({ signatures }) => signatures.length === 1)).toBe(true);
    // And passed on as it came, it is the same file.
    await attempt.does(["export", "out/images/image.yaml", "-o", "copy.kit", "--offline"]);
    expect(readFileSync(join(attempt.folder, "copy.kit")).equals(readFileSync(at("signed.kit")))).toBe(true);
    await attempt.does(["profile", "import-image", "--remove", "all"]);
    rmSync(join(attempt.folder, "out"), { recursive: true });
    await attempt.does(["gc"]);
    expect(
      readdirSync(join(attempt.store, "results")).flatMap((fan) =>
        readdirSync(join(attempt.store, "results", fan)),
      ),
    ).toEqual([]);
  });

  test("believes nobody it was not told to, and then nothing is taken in", async () => {
    using attempt = machine();
    const text = await refused(attempt, ["import", at("signed.kit"), "--to", "out"], 8, "digest/unknown-key");
    expect(text).toContain(`--trust ${publicKey}`);
    expect(text).toMatch(/fingerprint [0-9a-f]{32}/);
    expect(
      await refused(attempt, ["import", at("unsigned.kit"), "--trust", publicKey], 8, "digest/unsigned"),
    ).toContain("--unsigned");
    await refused(attempt, ["import", at("signed.kit"), "--trust", "maker"], 8, "digest/bad-key");
    expect([left(attempt), existsSync(join(attempt.store, "results"))]).toEqual([[], false]);
    const trusting = { env: { KIT_TRUSTED_KEYS: publicKey }, before: offline };
    const { stdout } = await attempt.does(["import", at("signed.kit"), "--json"], trusting);
    expect(JSON.parse(stdout)).toMatchObject({ signers: [{ key: "maker", trusted: true }] });
  });

  test("takes what nobody signed when asked to, and does not sign it for them later", async () => {
    using attempt = machine();
    await attempt.does(["import", at("unsigned.kit"), "--to", "out", "--unsigned"], { before: offline });
    await attempt.does(["realize", "out/images/image.yaml", "--offline"], { before: offline });
    await attempt.does(["key", "generate", "other", "-o", "other.key"]);
    const push = ["push", "cache", "out/images/image.yaml", "--key", "other.key"];
    const { stdout } = await attempt.does(push);
    expect(stdout).toContain("are signed by nobody");
    const names = readdirSync(join(attempt.folder, "cache"), { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => name.endsWith(".sig"))).toEqual([]);
    expect((await attempt.does(push)).stdout).toContain("pushed 0 results");
  });

  test("tells where the manifest asks for anything else", async () => {
    using attempt = machine();
    const tampered = join(attempt.folder, "tampered.kit");
    const bytes = readFileSync(at("signed.kit"));
    const where = bytes.indexOf("echo own");
    bytes.write("echo bad", where);
    writeFileSync(tampered, bytes);
    const outcome = await alone(attempt, ["import", tampered, "--to", "out", "--trust", publicKey]);
    expect(outcome.status).toBe(0);
    expect(outcome.stderr).toMatch(/results of the \d+ that the manifest asks for are not in/);
  });

  test("takes it in twice, and beside what is there", async () => {
    using attempt = machine();
    const importing = ["import", at("signed.kit"), "--trust", publicKey, "--json"];
    const first = JSON.parse((await attempt.does(importing, { before: offline })).stdout);
    const second = JSON.parse((await attempt.does(importing, { before: offline })).stdout);
    expect([first.brought, second.brought]).toEqual([first.results, 0]);
    attempt.write({ "out/mine": "mine\n" });
    await refused(attempt, [...importing, "--to", "out"], 2, "usage/not-empty");
    await refused(attempt, [...importing, "--to", "no/where"], 2, "usage/not-empty");
    expect(readdirSync(join(attempt.folder, "out"))).toEqual(["mine"]);
  });
});

describe("a file that is no bundle, or not whole", () => {
  test("is refused before anything is taken in", async () => {
    using attempt = machine();
    const file = join(attempt.folder, "x.kit");
    const importing = ["import", "x.kit", "--unsigned"];
    await refused(attempt, importing, 5, "store/no-file");
    writeFileSync(file, "hello\n");
    await refused(attempt, importing, 8, "digest/bad-bundle");
    cpSync(at("signed.kit"), file);
    truncateSync(file, Math.floor(statSync(file).size / 2));
    await refused(attempt, importing, 8, "digest/bad-bundle");
    rmSync(file);
    mkdirSync(join(attempt.folder, "other"));
    writeFileSync(join(attempt.folder, "other/passwd"), "root\n");
    execFileSync("tar", ["-cf", file, "-C", join(attempt.folder, "other"), "passwd"]);
    await refused(attempt, importing, 8, "digest/bad-bundle");
    await refused(attempt, ["import", "other", "--unsigned"], 8, "digest/bad-bundle");
    expect(existsSync(join(attempt.store, "results"))).toBe(false);
  });

  test("with other bytes than it says leaves nothing wrong, and the sound one goes on from there", async () => {
    using attempt = machine();
    const file = join(attempt.folder, "x.kit");
    const bytes = readFileSync(at("signed.kit"));
    const pack = bytes.indexOf("kit/pack/1\n");
    for (let i = 1; i < 40; i++) bytes[pack + 5000 * i] = (bytes[pack + 5000 * i] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    await refused(attempt, ["import", "x.kit", "--to", "out", "--trust", publicKey], 8, "digest/bad-bundle");
    expect(left(attempt)).toEqual(["x.kit"]);
    expect(flawsOf(attempt.store)).toEqual([]);
    await attempt.does(["store", "verify"]);
    await attempt.does(["import", at("signed.kit"), "--trust", publicKey], { before: offline });
    expect(flawsOf(attempt.store)).toEqual([]);
  });
});

test.skipIf(!isRoot)(
  "a store without room is told of, and the same command goes well when there is",
  async () => {
    using attempt = machine();
    mkdirSync(attempt.store);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "none", attempt.store]);
    await refused(
      attempt,
      ["import", at("signed.kit"), "--to", "out", "--trust", publicKey],
      5,
      "store/full",
    );
    expect(left(attempt)).toEqual([]);
    execFileSync("mount", ["-o", "remount,size=1g", attempt.store]);
    await attempt.does(["import", at("signed.kit"), "--to", "out", "--trust", publicKey], {
      before: offline,
    });
    await attempt.does(["realize", "out/images/image.yaml", "--offline"], { before: offline });
    expect(flawsOf(attempt.store)).toEqual([]);
  },
);
