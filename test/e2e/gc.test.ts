// Collection as users ask for it: what stays and what goes, beside whatever else runs.

import { execFileSync } from "node:child_process";
import { existsSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { writeRoot } from "../../store/roots.ts";
import { openSystem } from "../../store/system.ts";
import type { Collection } from "../../store/wish.ts";
import { built, codes, done, type Outcome, startKit, told } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

let small: Small;
beforeAll(async () => {
  small = await openSmall();
});
afterAll(() => small[Symbol.asyncDispose]());

/** A store of its own that has the tools and the packages, which nothing keeps. */
function warmed(): Attempt {
  const attempt = small.attempt({ store: "own" });
  execFileSync("cp", ["-a", small.warm, attempt.store]);
  const { roots } = layoutOf(attempt.store);
  for (const name of readdirSync(roots)) rmSync(join(roots, name));
  return attempt;
}

/** What `kit gc --json` said. */
async function gc(
  attempt: Attempt,
  ...options: readonly string[]
): Promise<Collection & { dryRun: boolean }> {
  const { stdout } = await attempt.does(["gc", "--json", ...options]);
  return JSON.parse(stdout);
}

/** How many statements there are of results of a builder, with labels that end so. */
function results({ store }: Attempt, builder: string, ending = ""): number {
  const { results } = layoutOf(store);
  return readdirSync(results)
    .flatMap((fan) => readdirSync(join(results, fan)).map((name) => join(results, fan, name)))
    .filter((file) => readFileSync(file, "utf8").includes(`${ending}","builder":"${builder}"`)).length;
}

/** Of a dry run, what a real one says. */
const said = ({ dryRun: _, ...rest }: Collection & { dryRun: boolean }) => rest;

describe("a collection", () => {
  test("that is only tried says what a real one does, and does nothing", async () => {
    using attempt = warmed();
    attempt.image([]);
    await attempt.does(["realize", "image.yaml", "-o", "result"]);
    attempt.image(["grep"], 'hostname: "other"\n');
    await attempt.does(["lock", "image.yaml", "--update"]);
    await attempt.does(["realize", "image.yaml"]);
    const before = await attempt.does(["store", "info", "--json"]);
    const tried = await gc(attempt, "--dry-run");
    expect((await attempt.does(["store", "info", "--json"])).stdout).toBe(before.stdout);
    expect(tried).toMatchObject({ dryRun: true, roots: { dropped: [] } });
    expect(tried.removed.results).toBeGreaterThan(0);
    const real = await gc(attempt);
    expect(said(real)).toEqual(said(tried));
    expect(flawsOf(attempt.store)).toEqual([]);
    expect(existsSync(join(attempt.folder, "result"))).toBe(true);
    // What a link keeps is not built again.
    attempt.image([]);
    await attempt.does(["lock", "image.yaml", "--update"]);
    const again = await attempt.does(["realize", "image.yaml", "--json"]);
    expect(built(again)).toEqual([]);
    expect(done(await attempt.run(["store", "verify"])).stdout).toContain("all is sound");
  });

  test("lets go what a lock pins when the lock is gone, and not before", async () => {
    using attempt = warmed();
    attempt.image([]);
    await attempt.does(["realize", "image.yaml"]);
    const debs = results(attempt, "fetch", ".deb");
    expect(debs).toBeGreaterThan(10);
    const first = await gc(attempt);
    // The image goes, its packages stay: to build it again nothing is fetched.
    // The list that they were chosen from goes too: the lock answers in its place.
    expect([results(attempt, "tar"), results(attempt, "fetch")]).toEqual([0, debs]);
    expect(first.roots.kept).toBe(1);
    await attempt.does(["realize", "image.yaml", "--offline"]);
    rmSync(join(attempt.folder, "image.lock"));
    const second = await gc(attempt);
    expect(second.roots).toEqual({ kept: 0, dropped: [join(attempt.folder, "image.lock")] });
    expect(results(attempt, "fetch")).toBe(0);
    expect(second.kept).toMatchObject({ results: 0, trees: 0, blobs: 0, checkouts: 0, outputs: 0 });
    expect(flawsOf(attempt.store)).toEqual([]);
  });

  test("keeps the generations of a profile that it is told to", async () => {
    using attempt = warmed();
    for (const name of ["one", "two", "two", "three"]) {
      attempt.image([], `hostname: "${name}"\n`);
      await attempt.does(["realize", "image.yaml", "--profile", "edge"]);
    }
    const generations = async () => {
      const { stdout } = await attempt.does(["profile", "edge", "--json"]);
      return (JSON.parse(stdout) as { generations: { number: number; outputs: Record<string, string> }[] })
        .generations;
    };
    const all = await generations();
    expect(all.map(({ number }) => number)).toEqual([1, 2, 3]);
    for (const { outputs } of all) expect(existsSync(join(attempt.store, outputs["tar"] ?? ""))).toBe(true);
    expect((await gc(attempt)).roots.dropped).toEqual([]);
    expect(await generations()).toHaveLength(3);
    const tried = await gc(attempt, "--keep", "2", "--dry-run");
    expect(tried.roots.dropped).toEqual(["generation 1 of edge"]);
    expect(said(await gc(attempt, "--keep", "2"))).toEqual(said(tried));
    expect(await generations()).toEqual(all.slice(1));
    // Nothing is that old but by its age alone, and the current one always stays.
    expect((await gc(attempt, "--older-than", "1h", "--keep", "1")).roots.dropped).toEqual([]);
    await sleep(1100);
    expect((await gc(attempt, "--older-than", "1s")).roots.dropped).toEqual(["generation 2 of edge"]);
    expect(await generations()).toEqual(all.slice(2));
    expect(existsSync(join(attempt.store, all[2]?.outputs["tar"] ?? ""))).toBe(true);
    await attempt.does(["profile", "edge", "--remove", "all"]);
    expect((await attempt.does(["profile", "--json"])).stdout).toBe("[]\n");
    rmSync(join(attempt.folder, "image.lock"));
    expect((await gc(attempt)).kept).toMatchObject({ results: 0, outputs: 0, blobs: 0 });
    expect(flawsOf(attempt.store)).toEqual([]);
  });

  test("spares what was used lately, and keeps to a size where roots let it", async () => {
    using attempt = warmed();
    attempt.image([]);
    await attempt.does(["realize", "image.yaml"]);
    rmSync(join(attempt.folder, "image.lock"));
    const young = await gc(attempt, "--older-than", "1h");
    expect([young.removed.results, young.removed.blobs, young.removed.trees]).toEqual([0, 0, 0]);
    const sizeOf = async () => {
      const { usage } = JSON.parse((await attempt.does(["store", "info", "--json"])).stdout) as {
        usage: Record<string, { physical: number }>;
      };
      return Object.values(usage).reduce((sum, { physical }) => sum + physical, 0);
    };
    const size = await sizeOf();
    expect((await gc(attempt, "--max-size", `${size + 4096}B`)).bytes).toBe(0);
    const wished = Math.floor(size / 2);
    const half = await gc(attempt, "--max-size", `${wished}B`);
    expect(half.above).toBeUndefined();
    expect(await sizeOf()).toBeLessThanOrEqual(wished);
    expect(half.kept.results).toBeGreaterThan(0);
    await attempt.does(["realize", "image.yaml", "-o", "result"]);
    const { above = 0 } = await gc(attempt, "--max-size", "1MiB");
    expect(await sizeOf()).toBe((1 << 20) + above);
    expect(existsSync(join(attempt.folder, "result"))).toBe(true);
    expect(flawsOf(attempt.store)).toEqual([]);
  });

  test.for([
    ["--older-than", "30"],
    ["--older-than", "-1d"],
    ["--keep", "0"],
    ["--max-size", "20GB"],
    ["--max-size", "99999999TiB"],
  ])("of %s %s is refused, and nothing goes", async ([option = "", value = ""]) => {
    using attempt = small.attempt();
    const { text } = await attempt.refuses(["gc", `${option}=${value}`], 2, ["usage/bad-option"]);
    expect(text).toContain(option);
  });

  test("of a store that is not there is refused", async () => {
    using attempt = small.attempt({ store: "own" });
    for (const argv of [["gc"], ["gc", "--dry-run"], ["profile"], ["store", "rebuild"]])
      await attempt.refuses(argv, 5, ["store/no-store"]);
    expect(existsSync(attempt.store)).toBe(false);
  });

  test("looks for links when its turn has come, not before it waits", async () => {
    using attempt = warmed();
    attempt.image([]);
    const { paths } = await attempt.does(["realize", "image.yaml"]);
    const layout = layoutOf(attempt.store);
    const system = openSystem();
    const collecting = openSync(layout.collecting, "a");
    system.tryLock(collecting, "exclusive");
    // A root of a session that has not yet made its link.
    const link = join(attempt.folder, "result");
    writeRoot(layout, { kind: "link", link, contents: [], requests: [] });
    const running = startKit(["gc", "--json"], {
      cwd: attempt.folder,
      store: attempt.store,
      binary: small.binary,
    });
    await running.says("another kit collects");
    symlinkSync(paths.get("tar") ?? "", link);
    system.unlock(collecting);
    const { roots } = JSON.parse(done(await running.ended).stdout) as Collection;
    expect(roots).toMatchObject({ kept: 2, dropped: [] });
  });
});

describe("the index", () => {
  test("that is deleted is made anew from disk, and a collection after it removes nothing that was alive", async () => {
    using attempt = warmed();
    attempt.image([], 'hostname: "linked"\n');
    await attempt.does(["realize", "image.yaml", "-o", "result"]);
    attempt.image([], 'hostname: "generation"\n');
    await attempt.does(["realize", "image.yaml", "--profile", "edge"]);
    const before = await gc(attempt);
    const profile = await attempt.does(["profile", "edge", "--json"]);
    const index = layoutOf(attempt.store).database;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${index}${suffix}`, { force: true });
    const { stdout } = await attempt.does(["store", "rebuild", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ results: before.kept.results, roots: 2, generations: 1 });
    const after = await gc(attempt);
    expect(said(after)).toMatchObject({ kept: before.kept, bytes: 0, roots: { kept: 2, dropped: [] } });
    expect((await attempt.does(["profile", "edge", "--json"])).stdout).toBe(profile.stdout);
    expect((await attempt.does(["log", "image.yaml"])).status).toBe(0);
    const again = await attempt.does(["realize", "image.yaml", "--json", "--offline"]);
    expect(built(again)).toEqual([]);
    // How long builds took is known again.
    expect(readFileSync(index).length).toBeGreaterThan(0);
    expect(flawsOf(attempt.store)).toEqual([]);
    // Damaged instead of gone.
    writeFileSync(index, "no database");
    await attempt.does(["store", "rebuild"]);
    expect(said(await gc(attempt))).toMatchObject({ kept: before.kept, bytes: 0 });
  });
});

test("eight realizes at once, while the store is collected and verified again and again, build everything once", async () => {
  using attempt = small.attempt({ store: "own" });
  attempt.image([], 'hostname: "eight"\n');
  await attempt.does(["lock", "image.yaml"]);
  const state = { over: false };
  const rounds: Outcome[] = [];
  // However slow the machine is, each is done some times.
  const loop = async (...argv: readonly string[]) => {
    for (let round = 0; round < 3 || !state.over; round++) rounds.push(await attempt.run(argv));
  };
  const all = Promise.all(
    Array.from({ length: 8 }, (_, nth) =>
      attempt.run(["realize", "image.yaml", "-o", `result-${nth}`, "--json", "--jobs", "2"]),
    ),
  ).finally(() => {
    state.over = true;
  });
  while (!existsSync(layoutOf(attempt.store).format)) await sleep(10);
  const loops = Promise.all([loop("gc", "--json"), loop("store", "verify", "--json")]);
  const realized = await all;
  await loops;
  for (const outcome of [...realized, ...rounds]) expect([outcome.status, codes(outcome)]).toEqual([0, []]);
  expect(new Set(realized.map(({ stdout }) => stdout)).size).toBe(1);
  const built = realized.flatMap((outcome) =>
    told(outcome).flatMap(({ type, how, builder, label }) =>
      type === "end" && how === "built" ? [`${builder} ${label}`] : [],
    ),
  );
  expect(built.sort()).toEqual([...new Set(built)].sort());
  expect(built.length).toBeGreaterThan(20);
  for (let nth = 0; nth < 8; nth++) expect(existsSync(join(attempt.folder, `result-${nth}`))).toBe(true);
  expect(done(await attempt.run(["store", "verify"])).stdout).toContain("all is sound");
  expect(flawsOf(attempt.store)).toEqual([]);
});
