// A kit process of its own, to be killed: opens a keeper and builds what it is told, saying so as it goes.
// Arguments: a file with the tools, the store, and jobs as JSON.

import { readFileSync } from "node:fs";
import type { BuildJob } from "../../builders/keeper/protocol.ts";
import { keeperAt } from "../sandbox/rig.ts";
import type { Tools } from "../sandbox/tools.ts";

const [file = "", store = "", jobs = "[]"] = process.argv.slice(2);
const tools = JSON.parse(readFileSync(file, "utf8")) as Tools;
const say = (line: string) => void process.stdout.write(`${line}\n`);
const keeper = await keeperAt(tools, store, {
  threads: 2,
  offline: false,
  emit: (event) => say(event.type === "progress" ? `progress ${event.done}` : event.type),
});
say("open");
for (const job of JSON.parse(jobs) as BuildJob[]) {
  const { how } = await keeper.build(job);
  say(`${how} ${job.id}`);
}
await keeper.close();
say("closed");
