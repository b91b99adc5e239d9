// Proof of reproducibility: what is built once more and compared, and what caches are found to disagree on.

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentOf, type Result } from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import { generateKey, type SecretKey } from "../../store/model/key.ts";
import { decodeSignature, encodeSignature, signStatement } from "../../store/model/signature.ts";
import { encodeStatement, statementDigest } from "../../store/model/statement.ts";
import { codes, type Outcome, told } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

let small: Small;
beforeAll(async () => {
  small = await openSmall();
});
afterAll(() => small[Symbol.asyncDispose]());

const faultText = (outcome: Outcome) =>
  told(outcome)
    .flatMap(({ faults = [] }) => faults.flatMap(({ message, details = [] }) => [message, ...details]))
    .join("\n");
const endsOf = (outcome: Outcome) => told(outcome).filter(({ type }) => type === "end");

/** An image with a file in it that is another one each time. */
function varying(attempt: Attempt): void {
  attempt.write({ "random.sh": "#!/bin/sh\nhead -c 16 /dev/urandom >/etc/random\n" });
  attempt.image([], "scripts: {postInstall: [./random.sh]}\n");
}

async function keyIn(attempt: Attempt, name: string): Promise<string> {
  return (await attempt.does(["key", "generate", name])).stdout.trim();
}

describe("kit realize --check", () => {
  test("builds everything but what was fetched once more, and says that it is the same", async () => {
    using attempt = small.attempt();
    attempt.image([], 'hostname: "checked"\n');
    const outcome = await attempt.does(["realize", "image.yaml", "--check", "--json"]);
    const again = endsOf(outcome).filter(({ how }) => how === "built");
    expect(new Set(again.map(({ builder }) => builder))).toEqual(
      new Set(["unpack", "tools", "rootfs", "customize", "tar"]),
    );
    expect(outcome.stderr).toContain("built again and the same");
    expect(outcome.paths.has("tar")).toBe(true);
    // Nothing remembered stands in for it.
    const second = await attempt.does(["realize", "image.yaml", "--check", "--json"]);
    expect(endsOf(second).filter(({ how }) => how === "built").length).toBeGreaterThan(10);
  });

  test("names the paths that differ, keeps both, and leaves what is recorded", async () => {
    using attempt = small.attempt();
    varying(attempt);
    const first = await attempt.does(["realize", "image.yaml"]);
    const outcome = await attempt.run(["realize", "image.yaml", "--check", "--json", "-o", "result"]);
    expect([outcome.status, codes(outcome)]).toEqual([10, ["differs/check"]]);
    expect(faultText(outcome)).toMatch(/image customized, \w+: \/etc\/random: content/);
    expect(faultText(outcome)).not.toContain("image.tar");
    expect([...outcome.paths]).toEqual([...first.paths]);
    expect(existsSync(join(attempt.folder, "result"))).toBe(true);
    const { stdout } = await attempt.does(["profile", "differing", "--json"]);
    const { generations } = JSON.parse(stdout) as { generations: { contents: string[]; label: string }[] };
    expect(generations.at(-1)).toMatchObject({
      label: "image.yaml",
      contents: [expect.any(String), expect.any(String)],
    });
    await attempt.run(["realize", "image.yaml", "--check"]);
    const later = JSON.parse((await attempt.does(["profile", "differing", "--json"])).stdout) as {
      generations: unknown[];
    };
    expect(later.generations).toHaveLength(generations.length + 1);
    await attempt.does(["profile", "differing", "--remove", "all"]);
    expect(flawsOf(attempt.store)).toEqual([]);
  });

  test("checks what came out of a cache the same way, and says whose word it was", async () => {
    using maker = small.attempt();
    varying(maker);
    const key = await keyIn(maker, "builder");
    await maker.does(["realize", "image.yaml"]);
    await maker.does(["push", "cache", "image.yaml", "--key", "builder.key"]);
    using attempt = small.attempt({ store: "own" });
    varying(attempt);
    cpSync(join(maker.folder, "image.lock"), join(attempt.folder, "image.lock"));
    const outcome = await attempt.run(["realize", "image.yaml", "--check", "--json"], {
      env: { KIT_CACHES: join(maker.folder, "cache"), KIT_TRUSTED_KEYS: key },
    });
    expect([outcome.status, codes(outcome)]).toEqual([10, ["differs/check"]]);
    const ends = endsOf(outcome);
    const [brought, built] = ["brought", "built"].map((how) => ends.filter((end) => end.how === how).length);
    expect([brought, built].every((count) => (count ?? 0) > 20)).toBe(true);
    expect(faultText(outcome)).toMatch(/\/etc\/random: content/);
    expect(faultText(outcome)).toContain("came out of a cache, signed by builder");
    expect(flawsOf(attempt.store)).toEqual([]);
  });
});

describe("kit challenge", () => {
  /** A cache in which a key says something else of the image's tar. */
  function contradict(folder: string, key: SecretKey | undefined, label: string): Result {
    const results = join(folder, "results");
    for (const request of readdirSync(results)) {
      const names = readdirSync(join(results, request));
      const file = names.find((name) => name.endsWith(".sig"));
      if (file === undefined) continue;
      const { statement } = decodeSignature(readFileSync(join(results, request, file)));
      if (Object.keys(statement.outputs).join() !== label) continue;
      const forged: Result = { ...statement, outputs: { [label]: contentOf("blob", digestOf("forged")) } };
      const name = statementDigest(forged).slice("blake3-".length);
      writeFileSync(join(results, request, name), encodeStatement(forged));
      if (key !== undefined)
        writeFileSync(
          join(results, request, `${key.public.fingerprint}.sig`),
          encodeSignature(signStatement(key, forged)),
        );
      return forged;
    }
    throw new Error(`there is no result with an output ${label}`);
  }

  let maker: Attempt;
  let publicKey = "";
  beforeAll(async () => {
    maker = small.attempt();
    maker.image([], 'hostname: "challenged"\n');
    publicKey = await keyIn(maker, "builder");
    await maker.does(["realize", "image.yaml"]);
    for (const cache of ["one", "two"])
      await maker.does(["push", cache, "image.yaml", "--key", "builder.key"]);
  });
  afterAll(() => maker[Symbol.dispose]());
  const challenge = (caches: readonly string[], argv: readonly string[] = [], env = {}) =>
    maker.run(["challenge", "image.yaml", ...caches, ...argv], { env });

  test("counts what is told alike, and brings nothing", async () => {
    const { status, stdout } = await challenge(["one", "two"]);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^compared (\d+) requests: \1 told alike, 0 .* 0 differ\n$/),
    ]);
    const env = { KIT_STORE: join(maker.folder, "empty"), KIT_TRUSTED_KEYS: publicKey };
    const elsewhere = await challenge(["one", "two"], ["--json"], env);
    expect([elsewhere.status, JSON.parse(elsewhere.stdout)]).toMatchObject([
      0,
      { single: 0, silent: 0, beyond: 0, differing: [] },
    ]);
    for (const folder of ["results", "pool", "trees"])
      expect(readdirSync(join(maker.folder, "empty", folder), { recursive: true }).length).toBeLessThan(257);
  });

  test("names each who says otherwise, known or not, and those who did not sign it", async () => {
    cpSync(join(maker.folder, "one"), join(maker.folder, "liar"), { recursive: true });
    cpSync(join(maker.folder, "one"), join(maker.folder, "mute"), { recursive: true });
    const mallory = generateKey("mallory");
    const forged = contradict(join(maker.folder, "liar"), mallory, "image");
    contradict(join(maker.folder, "mute"), undefined, "image");
    const outcome = await challenge(["one", "liar", "mute"], ["--json"], { KIT_TRUSTED_KEYS: publicKey });
    expect([outcome.status, codes(outcome)]).toEqual([10, ["differs/challenge"]]);
    const [first, ...others] = JSON.parse(outcome.stdout).differing;
    expect(others).toEqual([]);
    expect(first).toMatchObject({ builder: "tar", label: "image.tar", request: forged.request });
    expect(first.sides).toHaveLength(2);
    expect(first.sides[1]).toMatchObject({ statement: statementDigest(forged), outputs: forged.outputs });
    const text = faultText(outcome);
    expect(text).toContain("this store: image tree:");
    expect(text).toContain(`liar, mallory (not a trusted key: ${mallory.public.fingerprint}): image`);
    expect(text).toContain("mute, unsigned: image");
    expect(text).toContain("one, builder: image");
  });

  test("goes by the bundle too, and by the configuration where no cache is named", async () => {
    await maker.does(["export", "image.yaml", "-o", "image.kit"]);
    expect((await challenge(["image.kit"])).stdout).toContain(" 0 differ");
    expect((await challenge([], [], { KIT_CACHES: "one image.kit" })).stdout).toContain(" 0 differ");
    const none = await challenge([], ["--json"]);
    expect([none.status, codes(none)]).toEqual([2, ["usage/no-cache"]]);
  });

  test("says which cache cannot be asked", async () => {
    const gone = await challenge(["one", "gone"], ["--json"]);
    expect([gone.status, codes(gone)]).toEqual([2, ["usage/no-cache"]]);
    const silent = await challenge(["one", "http://127.0.0.1:9"], ["--json"]);
    expect([silent.status, codes(silent)]).toEqual([6, ["network/unreachable"]]);
    expect(faultText(silent)).toContain("127.0.0.1:9");
  });
});
