// The builder over a real pool: no sandbox where nothing has to run, else every command over the right root.
// The sandbox is a fake that takes note; what commands do in a real one is for the end-to-end tests.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { BuildContext, SandboxOptions } from "../../../builders/builder.ts";
import { customizeBuilder } from "../../../builders/customize/builder.ts";
import { type CustomizeParameters, customizeVersions } from "../../../builders/customize/recipe.ts";
import { prepareStore } from "../../../store/format.ts";
import { noHolds } from "../../../store/holds.ts";
import { layoutOf } from "../../../store/layout.ts";
import type { Canonical } from "../../../store/model/canonical.ts";
import { type Content, contentOf, splitContent } from "../../../store/model/derivation.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { makeTree } from "../../../store/model/tree.ts";
import { openPool } from "../../../store/pool.ts";
import { openRecords } from "../../../store/records.ts";
import { openSystem } from "../../../store/system.ts";
import { nothing } from "./rig.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function workplace(asked: Partial<CustomizeParameters>, locals: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "kit-customize-"));
  folders.push(folder);
  const layout = layoutOf(`${folder}/store`);
  const system = openSystem();
  prepareStore(layout, system);
  mkdirSync(`${folder}/staging`);
  mkdirSync(`${folder}/scratch`);
  const pool = openPool(layout, system, `${folder}/staging`, noHolds);
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds: noHolds });
  const file = (path: string, text: string) => {
    const owned = { path: parseTreePath(path), mode: 0o644, uid: 0, gid: 0 };
    return { type: "file" as const, ...owned, size: text.length, blob: pool.put(Buffer.from(text), owned) };
  };
  const root = records.writeTree(makeTree([file("usr/bin/systemctl", ""), file("etc/machine-id", "")]));
  const inputs: Record<string, Content> = {
    root: contentOf("tree", root),
    launcher: contentOf("tree", root),
  };
  for (const [name, text] of Object.entries(locals))
    inputs[name] = contentOf("blob", pool.put(Buffer.from(text)));

  const seen: { sandbox?: SandboxOptions; commands: (readonly string[])[]; log: string[] } = {
    commands: [],
    log: [],
  };
  const fake: Partial<BuildContext> = {
    request: {
      builder: "customize",
      versions: customizeVersions,
      parameters: { ...nothing, ...asked } as unknown as Canonical,
      inputs,
      outputs: ["root"],
    },
    store: { layout, system, pool, records, holds: noHolds, method: "copy" },
    scratch: `${folder}/scratch`,
    log: { lastLines: () => [], line: (text) => void seen.log.push(text) },
    progress: () => {},
    sandbox: async (options) => {
      seen.sandbox = options;
      return {
        upper: `${folder}/upper`,
        root: `${folder}/root`,
        run: () => Promise.reject(new Error("not run here")),
        [Symbol.dispose]() {},
      };
    },
    run: async (_, command) =>
      void seen.commands.push([
        ...command.argv,
        JSON.stringify(command.environment.SYSTEMD_OFFLINE),
        String(command.epoch),
      ]),
    crew: {
      scanUpper: async () => ({ entries: [], hidden: [], dropped: ["run/socket"] }),
    } as unknown as BuildContext["crew"],
  };
  return {
    seen,
    records,
    work: `${folder}/scratch/work`,
    async run() {
      const { outputs } = await customizeBuilder.run(fake as BuildContext);
      return records
        .tree(splitContent(outputs.root as Content).digest)
        .entries.map(({ path }) => path)
        .filter((path) => path !== "");
    },
  };
}

test("what needs no command needs no sandbox", async () => {
  const { run, seen } = workplace({ hostname: "edge" });
  expect(await run()).toEqual([
    "etc",
    "etc/hostname",
    "etc/hosts",
    "etc/machine-id",
    "usr",
    "usr/bin",
    "usr/bin/systemctl",
  ]);
  expect(seen).toEqual({ commands: [], log: [] });
});

test("commands run in order, with services denied, over everything else; nothing of that is left", async () => {
  const services = { enable: ["a.service"], disable: [], mask: [] };
  const { run, seen, work, records } = workplace(
    { services, scripts: ["local ./post.sh"] },
    { "local ./post.sh": "#!/bin/sh\n" },
  );
  expect(await run()).toEqual(["etc", "etc/machine-id", "usr", "usr/bin", "usr/bin/systemctl", "usr/sbin"]);
  expect(seen.commands).toEqual([
    ["/usr/bin/systemctl", "enable", "--", "a.service", '"1"', String(nothing.epoch)],
    ["/tmp/kit/post.sh", '"1"', String(nothing.epoch)],
  ]);
  expect(seen.log).toEqual([
    "kit: /usr/bin/systemctl enable -- a.service",
    "kit: /tmp/kit/post.sh",
    "kit: the socket run/socket is no part of the root",
  ]);
  expect(seen.sandbox?.binds).toEqual([{ source: work, target: "/tmp/kit", writable: false }]);
  expect(readFileSync(`${work}/post.sh`, "utf8")).toBe("#!/bin/sh\n");
  expect(statSync(`${work}/post.sh`).mode & 0o777).toBe(0o755);
  const [lower] = seen.sandbox?.lower ?? [];
  expect(lower && records.tree(lower).entries.find(({ path }) => path === "usr/sbin/policy-rc.d")?.mode).toBe(
    0o755,
  );
});
