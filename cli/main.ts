// kit: the command line.

import { availableParallelism, userInfo } from "node:os";
import { Builtins, Cli } from "clipanion";
import { exitStatus, type Fault, faultsOf } from "../store/model/fault.ts";
import { RealizeCommand } from "./commands/realize.ts";
import type { KitContext } from "./context.ts";
import { showError } from "./output.ts";

const cli = new Cli<KitContext>({ binaryLabel: "kit", binaryName: "kit", binaryVersion: "0.1.0" });
for (const command of [Builtins.HelpCommand, Builtins.VersionCommand, RealizeCommand]) cli.register(command);

let interrupted = false;
const interruptions = new Set<() => Promise<void>>();
const interrupt = () => {
  // A second one does not wait for what is being tidied up.
  if (interrupted) process.exit(exitStatus.interrupted);
  interrupted = true;
  for (const action of interruptions) void action().catch(() => {});
};
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);

const { uid, gid, username } = userInfo();
const context: KitContext = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  colorDepth: 1,
  argv: process.argv.slice(2),
  host: { environment: process.env, directory: process.cwd(), user: { uid, gid, name: username }, cores: availableParallelism() },
  now: Date.now,
  onInterrupt(action) {
    interruptions.add(action);
    return () => interruptions.delete(action);
  },
};

process.exitCode = await run();

async function run(): Promise<number> {
  let command: ReturnType<typeof cli.process>;
  try {
    command = cli.process(process.argv.slice(2), context);
  } catch (error) {
    process.stderr.write(cli.error(error, { colored: false }));
    return exitStatus.usage;
  }
  try {
    command.context = context;
    if (command.help) process.stdout.write(cli.usage(command, { detailed: true }));
    return command.help ? 0 : await command.execute() ?? 0;
  } catch (error) {
    showError(context, error, process.argv.includes("--json"));
    if (interrupted) return exitStatus.interrupted;
    const faults: readonly Fault[] = faultsOf(error);
    return faults[0]?.exit ?? exitStatus.build;
  }
}
