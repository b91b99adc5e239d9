// Help: what commands there are, and what one takes.
// Knows the layout; does not know any command.

import type { Definition } from "clipanion";

/** All commands by category, in the order they were registered. Whole lines. */
export function generalHelp(definitions: readonly Definition[]): string {
  const categories = Map.groupBy(definitions, ({ category }) => category ?? "Other");
  const width = Math.max(...definitions.map(({ path }) => path.length));
  const lists = [...categories].flatMap(([category, commands]) => [
    "",
    line(category),
    ...commands.map(({ path, description }) => `  ${path.padEnd(width)}  ${line(description)}`),
  ]);
  return text([
    "kit: from manifests to Linux packages and images",
    ...lists,
    "",
    "`kit COMMAND --help` tells what a command takes. Exit status: 0 done, 1 a build failed, 2 command line,",
    "3 manifest, 4 cannot resolve or not locked, 5 store, 6 network, 7 host or sandbox, 8 digest or signature,",
    "10 differs, 130 interrupted.",
  ]);
}

/** One command with options, details and examples. Whole lines. */
export function commandHelp(command: Definition): string {
  const options = command.options.map(
    ({ definition, description }) => [valued(definition), line(description)] as const,
  );
  const width = Math.max(0, ...options.map(([name]) => name.length));
  const examples = (command.examples ?? []).flatMap(([what, how]) => [`  # ${line(what)}`, `  ${line(how)}`]);
  return text([
    `${command.path}: ${line(command.description)}`,
    "",
    `  ${usageOf(command)}`,
    "",
    ...(command.details ?? "").trim().split("\n"),
    "",
    "Options",
    ...options.map(([name, description]) => `  ${name.padEnd(width)}  ${description}`),
    "",
    "Examples",
    ...examples,
  ]);
}

/** `kit realize [OPTIONS] MANIFEST`; with the options that it cannot do without. */
export function usageOf({ path, usage, options }: Definition): string {
  const needed = options.filter(({ required }) => required).map(({ definition }) => valued(definition));
  const rest = usage
    .slice(usage.indexOf(path) + path.length)
    .replaceAll(/\[-[^\]]*\]/g, "")
    .replaceAll(/[<>]/g, "");
  return `${path} [OPTIONS] ${needed.join(" ")} ${rest}`.replaceAll(/ +/g, " ").trimEnd();
}

function valued(definition: string): string {
  return definition.replaceAll(/#\d+/g, "VALUE");
}

/** The command that the first words name. */
export function commandNamed(
  words: readonly string[],
  definitions: readonly Definition[],
): Definition | undefined {
  const written = ["kit", ...words].join(" ");
  return definitions.find(({ path }) => written === path || written.startsWith(`${path} `));
}

function line(written: string | undefined): string {
  return (written ?? "").trim().replaceAll("\n", " ");
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
