// A source's build: what is built, a script and an empty folder bound into a build root, and what the script leaves there.
// Knows where things are bound; does not know what the script does.

import { mkdirSync, writeFileSync } from "node:fs";
import { splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type BuildContext, type Command, inputOf, type Sandbox } from "../builder.ts";
import { coresEnvironment, jobPipe } from "../jobserver/client.ts";
import { refuseLeaks } from "./leaks.ts";
import { unfitFolder } from "./made.ts";
import { inputOfSecrets, readingSecrets, type Secret, secretsFolder, tracesOf } from "./secrets.ts";

/** Where the source's checkout is, and where what was built goes. */
export const sourceFolder = "/tmp/kit/source";
export const outFolder = "/tmp/kit/out";

const folder = "/tmp/kit";

export interface RootBuild {
  /** Inputs that are trees laid over the input `root`, the uppermost first. */
  readonly above?: readonly string[];
  /** Run as root. */
  readonly script: string;
  /** Other files beside it, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What is built, where the script looks for it: files and folders, to be read alone. */
  readonly binds: readonly { readonly source: string; readonly target: string }[];
  /** Whether it can make use of {@link jobPipe}. */
  readonly takesTokens?: true;
  /** Names of secrets that it is given as files. */
  readonly secrets?: readonly string[] | undefined;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** Where a file of {@link RootBuild.files} is. */
export function besideScript(name: string): string {
  return `${folder}/${name}`;
}

/** The checkout of the input `source`, bound where {@link sourceFolder} says. */
export async function sourceBind({ request, crew }: Pick<BuildContext, "request" | "crew">) {
  const source = await crew.checkout(splitContent(inputOf(request, "source")).digest);
  return { source, target: sourceFolder };
}

/** Builds in the input `root`. @throws {Fault} `build/…` */
export async function buildInRoot(
  context: BuildContext,
  build: RootBuild,
): Promise<{ readonly tree: Digest; readonly dropped: readonly string[] }> {
  const { above = [], script, files = {}, binds, secrets: names = [], epoch } = build;
  const { request, crew, scratch } = context;
  const treeOf = (name: string) => splitContent(inputOf(request, name)).digest;
  const out = `${scratch}/out`;
  mkdirSync(out);
  const written = Object.entries({ ...files, build: script }).map(([name, text]) => {
    const file = `${scratch}/${name}`;
    writeFileSync(file, text, { mode: 0o755 });
    return { source: file, target: besideScript(name), writable: false };
  });
  const pipe = build.takesTokens && context.jobPipe();
  const sandbox = await context.sandbox({
    lower: [...above, "root"].map(treeOf),
    binds: [
      ...binds.map((bind) => ({ ...bind, writable: false })),
      ...written,
      { source: out, target: outFolder, writable: true },
      ...(pipe ? [{ source: pipe, target: jobPipe, writable: true }] : []),
    ],
  });
  const secrets = names.map((name) => ({ name, value: context.secret(name) }));
  const environment = coresEnvironment(context.cores);
  if (secrets.length === 0) await context.run(sandbox, { argv: [besideScript("build")], epoch, environment });
  else await runWithSecrets(context, sandbox, { secrets, epoch, environment });
  sandbox[Symbol.dispose]();
  await refuseLeaks(out, secrets, context.log.line);
  return await crew.scanFolder(out).catch((error: unknown) => {
    throw unfitFolder(error);
  });
}

interface Secrets {
  readonly secrets: readonly Secret[];
}

async function runWithSecrets(
  context: BuildContext,
  sandbox: Sandbox,
  { secrets, epoch, environment: common }: Pick<Command, "epoch" | "environment"> & Secrets,
): Promise<void> {
  const argv = [besideScript("build")];
  const given = {
    ...{ input: inputOfSecrets(secrets), reading: readingSecrets(secrets) },
    hidden: tracesOf(secrets).map(({ bytes }) => bytes),
  };
  const environment = { ...common, KIT_SECRETS: secretsFolder };
  await context.run(sandbox, { argv, epoch, environment }, given);
}
