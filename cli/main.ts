// kit: the command line.
// Knows which commands there are and how a run ends; does not know what any command does.

import { availableParallelism, userInfo } from "node:os";
import { Cli, type Command } from "clipanion";
import { exitStatus, faultsOf } from "../store/model/fault.ts";
import { BuildrootCommand } from "./commands/buildroot.ts";
import { ChallengeCommand } from "./commands/challenge.ts";
import { DiffCommand } from "./commands/diff.ts";
import { DoctorCommand } from "./commands/doctor.ts";
import { EvaluateCommand } from "./commands/evaluate.ts";
import { ExportCommand } from "./commands/export.ts";
import { CollectCommand } from "./commands/gc.ts";
import { GraphCommand } from "./commands/graph.ts";
import { commandHelp, commandNamed, generalHelp } from "./commands/help.ts";
import { ImportCommand } from "./commands/import.ts";
import { StoreInfoCommand } from "./commands/info.ts";
import { KeyGenerateCommand, KeyShowCommand } from "./commands/key.ts";
import { LockCommand } from "./commands/lock.ts";
import { LogCommand } from "./commands/log.ts";
import { misuse } from "./commands/misuse.ts";
import { ProfileCommand } from "./commands/profile.ts";
import { PullCommand } from "./commands/pull.ts";
import { PushCommand } from "./commands/push.ts";
import { RealizeCommand } from "./commands/realize.ts";
import { StoreRebuildCommand } from "./commands/rebuild.ts";
import { ReportCommand } from "./commands/report.ts";
import { ResolveCommand } from "./commands/resolve.ts";
import { SchemaCommand } from "./commands/schema.ts";
import { ServeCommand } from "./commands/serve.ts";
import { ShellCommand } from "./commands/shell.ts";
import { SysrootCommand } from "./commands/sysroot.ts";
import { StoreVerifyCommand } from "./commands/verify.ts";
import { WhyCommand } from "./commands/why.ts";
import { WhyNotCommand } from "./commands/whynot.ts";
import { WhyRebuildCommand } from "./commands/whyrebuild.ts";
import type { KitContext } from "./context.ts";
import { dropEarly } from "./early.ts";
import { showError } from "./output.ts";
import { noOutput, tellOutright } from "./outright.ts";

const version = "0.1.0";
const commands = [
  RealizeCommand,
  SysrootCommand,
  ResolveCommand,
  LockCommand,
  EvaluateCommand,
  GraphCommand,
  WhyCommand,
  WhyNotCommand,
  WhyRebuildCommand,
  BuildrootCommand,
  ReportCommand,
  DiffCommand,
  LogCommand,
  ShellCommand,
  SchemaCommand,
  DoctorCommand,
  ProfileCommand,
  CollectCommand,
  StoreInfoCommand,
  StoreVerifyCommand,
  StoreRebuildCommand,
  ServeCommand,
  PushCommand,
  PullCommand,
  ChallengeCommand,
  ExportCommand,
  ImportCommand,
  KeyGenerateCommand,
  KeyShowCommand,
];
const cli = new Cli<KitContext>({ binaryLabel: "kit", binaryName: "kit", binaryVersion: version });
for (const command of commands) cli.register(command);

let interrupted = false;
/** Milliseconds that what runs has to come to its end once it is interrupted; what is left by then is for the next session. */
const longestTidying = 60_000;
const interruptions = new Set<() => Promise<void>>();
const interrupt = () => {
  // A second one does not wait for what is being tidied up.
  if (interrupted) process.exit(exitStatus.interrupted);
  interrupted = true;
  setTimeout(() => process.exit(exitStatus.interrupted), longestTidying).unref();
  for (const action of interruptions) void action().catch(() => {});
};
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
// `kit graph … | head`: who reads has had enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitStatus.done);
  process.exit(tellOutright(noOutput(error)));
});
// `kit realize 2>&1 | head`: who reads no more of what is told need not lose what is built.
process.stderr.on("error", () => {});

const { uid, gid, username } = currentUser();
const argv = process.argv.slice(2);
const context: KitContext = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  colorDepth: 1,
  argv,
  told: new Set(),
  host: {
    environment: process.env,
    directory: process.cwd(),
    user: { uid, gid, name: username },
    cores: availableParallelism(),
  },
  now: Date.now,
  onInterrupt(action) {
    interruptions.add(action);
    return () => interruptions.delete(action);
  },
};

process.exitCode = await run();
dropEarly();

/** One whom no list of users has is called by the number. */
function currentUser() {
  try {
    return userInfo();
  } catch {
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    return { uid, gid, username: String(uid) };
  }
}

async function run(): Promise<number> {
  const [first] = argv;
  // Nothing to do is a mistake in a script, so it is not told on standard output.
  if (first === undefined) return say(process.stderr, generalHelp(definitions()), exitStatus.usage);
  if (first === "--version" || first === "-v") return say(process.stdout, `kit ${version}\n`);
  if (first === "help" || asksForHelp(argv))
    return help((first === "help" ? argv.slice(1) : argv).filter((word) => !word.startsWith("-")));
  try {
    const command = parse();
    command.context = context;
    return (await command.execute()) ?? exitStatus.done;
  } catch (error) {
    showError(context, error, argv.includes("--json"));
    if (interrupted) return exitStatus.interrupted;
    return faultsOf(error)[0]?.exit ?? exitStatus.build;
  }
}

/** @throws {Fault} of class `usage` */
function parse(): Command<KitContext> {
  try {
    return cli.process(argv, context);
  } catch (error) {
    throw misuse(error, argv, definitions()) ?? error;
  }
}

function help(words: readonly string[]): number {
  const command = commandNamed(words, definitions());
  if (command !== undefined) return say(process.stdout, commandHelp(command));
  const group = definitions().filter(({ path }) => path.split(" ")[1] === words[0]);
  if (group.length > 0) return say(process.stdout, generalHelp(group));
  return words.length === 0
    ? say(process.stdout, generalHelp(definitions()))
    : say(process.stderr, generalHelp(definitions()), exitStatus.usage);
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).some((word) => word === "--help" || word === "-h");
}

function definitions() {
  return cli.definitions({ colored: false });
}

function say(stream: NodeJS.WriteStream, text: string, status: number = exitStatus.done): number {
  stream.write(text);
  return status;
}
