// kill -9 of a collection beside a realize, and of the realize, at moments that are drawn: the store is sound
// afterwards, and whatever was killed goes well when it is repeated.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { keepersOf } from "../sandbox/rig.ts";
import { done, type Running, startKit } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

const rounds = process.env["KIT_TEST_LONG"] === undefined ? 4 : 80;
const seed = Number(process.env["KIT_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

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

/** A number below another one. */
function draw(round: number, what: string, below: number): number {
  const digits = createHash("sha256").update(`${seed} ${round} ${what}`).digest("hex");
  return Number.parseInt(digits.slice(0, 12), 16) % below;
}

const victims = ["kit of gc", "keeper of gc", "kit of realize", "keeper of realize"] as const;
const drawn = Array.from({ length: rounds }, (_, round) => ({
  round,
  // Each in its turn, so that few rounds have all of them.
  victim: victims[round % victims.length] ?? victims[0],
  delay: draw(round, "delay", 1800),
  after: draw(round, "after", 2000),
}));

console.log(`killing collections with KIT_TEST_SEED=${seed}`);

test.for(drawn)("$victim, killed $after ms on, the collection begun after $delay ms", async (round) => {
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
  const [killed, other] = round.victim.endsWith("gc") ? [gc, realize] : [realize, gc];
  await sleep(round.after);
  kill(killed, round.victim.startsWith("keeper"));
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
});

function kill({ process: { pid = 0 } }: Running, keeper: boolean): void {
  const victim = keeper ? keepersOf(pid)[0] : pid;
  try {
    if (victim !== undefined) process.kill(victim, "SIGKILL");
  } catch (error) {
    // It has ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
