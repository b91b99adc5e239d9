// Sudden death of kit, of its keeper, at any moment: nothing goes on running, and the store is sound.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { fetchDerivation } from "../../builders/fetch/recipe.ts";
import type { BuildJob } from "../../builders/keeper/protocol.ts";
import { layoutOf } from "../../store/layout.ts";
import { parseSha512, sha256Of } from "../../store/model/digest.ts";
import { serve } from "../builders/fetch/server.ts";
import { commandOf, jobOf, keeperAt, keepersOf, probe, problemsOf, running } from "../sandbox/rig.ts";
import { openTools, storeWithTools } from "../sandbox/shared.ts";
import { node, type Tools } from "../sandbox/tools.ts";

let tools: Tools;
beforeAll(async () => {
  tools = await openTools();
});

interface Driver {
  readonly process: ChildProcess;
  readonly lines: string[];
  says(line: RegExp): Promise<void>;
  kill(): void;
}

/** A kit of its own that builds these jobs, one after the other. */
function drive(store: string, jobs: readonly BuildJob[]): Driver {
  const child = spawn(
    node,
    [
      "--disable-warning=ExperimentalWarning",
      tools.keeper.replace("keeper.mjs", "driver.mjs"),
      `${inject("scratch")}/tools/ready`,
      store,
      JSON.stringify(jobs),
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const lines: string[] = [];
  child.stdout
    ?.setEncoding("utf8")
    .on("data", (text: string) => lines.push(...text.split("\n").filter(Boolean)));
  return {
    process: child,
    lines,
    async says(line) {
      for (let waited = 0; !lines.some((text) => line.test(text)); waited++) {
        if (child.exitCode !== null || child.signalCode !== null || waited > 1500)
          throw new Error(`it never said ${line}: ${lines.join(" | ")}`);
        await sleep(20);
      }
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

const keeperOf = (pid: number) => keepersOf(pid)[0] ?? expect.fail("there is no keeper");
const gone = async (word: string) => {
  for (let waited = 0; running(word).length > 0 && waited < 400; waited++) await sleep(25);
  return running(word);
};
const staging = (store: string) => readdirSync(layoutOf(store).staging);
const probeJob = (script: string) =>
  jobOf("probe", { argv: ["/bin/sh", "-euc", script] }, { launcher: tools.launcher, root: tools.probe }, [
    "root",
    "out",
  ]);

describe("kill -9 of kit", () => {
  it("while its keeper starts ends that too", async () => {
    const store = storeWithTools(tools);
    for (const moment of [20, 80, 140, 200, 260, 320, 400]) {
      const kit = drive(store, [probeJob("sleep 65432104")]);
      await sleep(moment);
      kit.kill();
    }
    expect(await gone(tools.keeper)).toEqual([]);
    expect(await gone("65432104")).toEqual([]);
    const next = await keeperAt(tools, store);
    await next.close();
    expect(staging(store)).toEqual([]);
    expect(await problemsOf(tools, store)).toEqual([]);
  });

  it("ends its keeper, and what runs in sandboxes", async () => {
    const store = storeWithTools(tools);
    const kit = drive(store, [probeJob("(setsid sleep 65432101 &); exec sleep 65432102")]);
    await kit.says(/^open/);
    for (let waited = 0; running("6543210").length < 3 && waited < 200; waited++) await sleep(25);
    const keeper = keeperOf(kit.process.pid ?? 0);
    kit.kill();
    expect(await gone("6543210")).toEqual([]);
    for (let waited = 0; commandOf(keeper) !== "" && waited < 200; waited++) await sleep(25);
    expect(commandOf(keeper)).toBe("");
    expect(staging(store)).toEqual([]);
    expect(await problemsOf(tools, store)).toEqual([]);
  });
});

describe("kill -9 of the keeper", () => {
  it("is told, ends the sandboxes, and hinders nobody afterwards", async () => {
    const store = storeWithTools(tools);
    const keeper = await keeperAt(tools, store);
    const pid = keeperOf(process.pid);
    const asked = probe(keeper, tools, store, "sleep 65432103").then(
      () => undefined,
      (error: Error) => error,
    );
    for (let waited = 0; running("65432103").length < 1 && waited < 200; waited++) await sleep(25);
    process.kill(pid, "SIGKILL");
    expect((await asked)?.message).toMatch(/keeper ended/);
    expect(await gone("65432103")).toEqual([]);
    await expect(keeper.close()).rejects.toThrow(/keeper ended/);

    const next = await keeperAt(tools, store);
    expect((await probe(next, tools, store, "echo well > /tmp/out/x")).out("x")).toBe("well\n");
    await next.close();
    expect(staging(store)).toEqual([]);
    expect(await problemsOf(tools, store)).toEqual([]);
  });

  it("at any moment leaves a prefix of what was made, never a lie", async () => {
    const store = storeWithTools(tools);
    // More than can be done until the last moment, even if nothing were lost.
    const jobs = Array.from({ length: 120 }, (_, index) =>
      index % 4 === 3
        ? probeJob(`echo ${index} > /etc/step; head -c 300000 /dev/urandom > /tmp/out/random`)
        : jobOf("slow", { milliseconds: 50, bytes: 1 << 20, index }),
    );
    let finished = 0;
    for (const moment of [10, 300, 1300, 1700]) {
      const kit = drive(store, jobs);
      await kit.says(/^open/);
      await sleep(moment);
      process.kill(keeperOf(kit.process.pid ?? 0), "SIGKILL");
      await new Promise((resolve) =>
        kit.process.exitCode === null ? kit.process.once("exit", resolve) : resolve(undefined),
      );
      expect(await problemsOf(tools, store)).toEqual([]);
      const layout = layoutOf(store);
      const statements = readdirSync(layout.results).flatMap((fan) =>
        readdirSync(`${layout.results}/${fan}`),
      ).length;
      // What is recorded stays, and is not built again.
      expect(statements).toBeGreaterThanOrEqual(finished);
      finished = statements;
    }
    const last = drive(store, jobs);
    await last.says(/^closed/);
    expect(last.lines.filter((line) => line.startsWith("reused")).length).toBeGreaterThan(0);
    expect(last.lines.filter((line) => /^(reused|built) /.test(line))).toHaveLength(jobs.length);
    expect(staging(store)).toEqual([]);
    expect(readdirSync(layoutOf(store).locks)).toEqual(["collecting", "gate", "store"]);
    expect(await problemsOf(tools, store)).toEqual([]);
  }, 90_000);

  it.each([
    ["SHA-256", (bytes: Uint8Array) => ({ sha256: sha256Of(bytes) })],
    [
      "SHA-512",
      (bytes: Uint8Array) => ({ sha512: parseSha512(createHash("sha512").update(bytes).digest("hex")) }),
    ],
  ] as const)(
    "during a download known by its %s: the next one goes on where it ended",
    async (_, digestOf) => {
      const store = storeWithTools(tools);
      const bytes = Buffer.alloc(3 << 20, "kit").map((byte, index) => (byte + index) % 251);
      const half = bytes.length / 2;
      let stalls = true;
      await using server = await serve((request, response) => {
        const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
        const headers = {
          "content-length": bytes.length - from,
          ...(from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
        };
        response.writeHead(from > 0 ? 206 : 200, headers);
        if (!stalls) return void response.end(bytes.subarray(from));
        response.write(bytes.subarray(from, half));
      });
      const { parameters } = fetchDerivation(
        "file",
        { ...digestOf(bytes), size: bytes.length },
        { urls: [] },
      );
      const job = jobOf("fetch", parameters, {}, ["file"], { urls: [`${server.url}/file`] });
      const kit = drive(store, [job]);
      await kit.says(/^open/);
      const partial = () => readdirSync(layoutOf(store).partial);
      for (
        let waited = 0;
        waited < 200 && !kit.lines.some((line) => Number(/^progress (\d+)/.exec(line)?.[1] ?? 0) >= half);
        waited++
      )
        await sleep(25);
      process.kill(keeperOf(kit.process.pid ?? 0), "SIGKILL");
      await new Promise((resolve) => kit.process.once("exit", resolve));
      expect(partial()).toHaveLength(1);
      stalls = false;
      const next = drive(store, [job]);
      await next.says(/^closed/);
      const [first, ...others] = server.requests;
      expect(first).toBe("/file");
      expect(others.at(-1)).toBe(`/file bytes=${half}-`);
      expect(partial()).toEqual([]);
      expect(await problemsOf(tools, store)).toEqual([]);
    },
  );
});
