// kill -9 of a collection beside a realize, and of the realize, at moments that are drawn: the store is sound
// afterwards, and whatever was killed goes well when it is repeated.

import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { randomFrom, tellSeed } from "../rig/seed.ts";
import { kill } from "./death.ts";
import { done, startKit } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

const rounds = process.env["KIT_TEST_LONG"] === undefined ? 4 : 80;
const random = randomFrom(tellSeed("killing collections"));

let small: Small;
let attempt: Attempt;
beforeAll(async () => {
  small = await openSmall();
  attempt = small.attempt({ store: "own" });
  execFileSync("cp", ["-a", small.warm, attempt.store]);
  const { roots } = layoutOf(attempt.store);
  for (const name of readdirSync(roots)) rmSync(join(roots, name));
  attempt.image([]);
  await attempt.does(["realize", "image.yaml", "-o", "result"]);
});
afterAll(async () => {
  attempt[Symbol.dispose]();
  await small[Symbol.asyncDispose]();
});

const deaths = [
  { victim: "kit", of: "gc" },
  { victim: "keeper", of: "gc" },
  { victim: "kit", of: "realize" },
  { victim: "keeper", of: "realize" },
] as const;
const drawn = Array.from({ length: rounds }, (_, round) => ({
  round,
  // Each in its turn, so that few rounds have all of them.
  ...(deaths[round % deaths.length] ?? deaths[0]),
  delay: random(1800),
  after: random(2000),
}));

test.for(drawn)(
  "$victim of $of, killed $after ms on, the collection begun after $delay ms",
  async (round) => {
    // The root of the round before loses its link, and is garbage.
    attempt.image([], `hostname: "round-${round.round}"\n`);
    const start = (argv: readonly string[]) =>
      startKit(argv, { cwd: attempt.folder, store: attempt.store, binary: small.binary });
    const commands = {
      realize: ["realize", "image.yaml", "-o", "result"],
      gc: ["gc", ...(round.round % 3 === 2 ? ["--max-size", "100MiB"] : [])],
    };
    const realize = start(commands.realize);
    await sleep(round.delay);
    const gc = start(commands.gc);
    const [killed, other] = round.of === "gc" ? [gc, realize] : [realize, gc];
    await sleep(round.after);
    kill(killed, round.victim);
    await killed.ended;
    done(await other.ended);
    const again = killed === gc ? commands.gc : commands.realize;
    // Before anything mends what was left, and after.
    expect(flawsOf(attempt.store, { settled: false })).toEqual([]);
    expect((await attempt.does(["store", "verify"])).stdout).toContain("all is sound");
    await attempt.does(again);
    expect(flawsOf(attempt.store)).toEqual([]);
    await attempt.does(["gc"]);
    expect(flawsOf(attempt.store)).toEqual([]);
    const { stdout } = await attempt.does(["realize", "image.yaml", "--offline", "--json"]);
    expect(stdout).toContain("outputs/");
  },
);
