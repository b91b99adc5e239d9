// Run as an ordinary user: makes the tools in a folder of its own and probes a sandbox. Prints what was found as JSON.
// Knows one user's way through; does not know what is expected.

import { mkdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { descendants, keeperAt, probe } from "./rig.ts";
import { makeTools } from "./tools.ts";

const [folder = "", lock = ""] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const tools = await makeTools(folder, lock);
const keeper = await keeperAt(tools, tools.store);
const asked = probe(
  keeper,
  tools,
  tools.store,
  `cat /proc/self/uid_map > /tmp/out/map
   perl -e 'chown 7, 8, "/tmp/out/map"; $( = $) = "33 33"; $< = $> = 33; sleep 1234567' & sleep 1.5
   touch /etc/mine && chown 1000:1000 /etc/mine && chmod 4755 /etc/mine
   if (: > /proc/sys/kernel/core_pattern) 2>/dev/null; then echo writable; else echo refused; fi > /tmp/out/core`,
);
await sleep(1000);
const seen = descendants(process.pid).flatMap((pid) => {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    const ids = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return [{ command, uid: Number(ids) }];
  } catch {
    return [];
  }
});
const probed = await asked;
await keeper.close();
const mine = probed.tree("root").entries.find(({ path }) => path === "etc/mine");
const map = probed.tree("out").entries.find(({ path }) => path === "map");
process.stdout.write(
  JSON.stringify({
    uid: process.getuid?.(),
    map: probed.out("map"),
    core: probed.out("core"),
    mine,
    owner: [map?.uid, map?.gid],
    seen,
    tools: tools.probe,
  }),
);
