// Misuse: what is wrong with a command line, as a fault.
// Knows clipanion's complaints; does not know any command.

import type { Definition } from "clipanion";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { Fault } from "../../store/model/fault.ts";
import { commandNamed, usageOf } from "./help.ts";

/**
 * The complaint as a fault of class `usage`: `usage/unknown-command`, `usage/unknown-option`, `usage/arguments`.
 * Undefined where the error is none of the command line's.
 */
export function misuse(
  error: unknown,
  words: readonly string[],
  definitions: readonly Definition[],
): Fault | undefined {
  const { candidates } = error as { candidates?: readonly { readonly reason: string | null }[] };
  if (!(error instanceof Error) || !("clipanion" in error)) return undefined;
  const command = commandNamed(words, definitions);
  if (command === undefined) return unknownCommand(words, definitions);
  const reason =
    candidates?.find((candidate) => candidate.reason !== null)?.reason ?? error.message.split("\n")[0] ?? "";
  const option = /^Unsupported option name \("(.+)"\)/.exec(reason)?.[1];
  if (option !== undefined) return unknownOption(option, command);
  const missing = missingOptions(words, command);
  const what =
    reason.startsWith("Command not found") && missing.length > 0
      ? `it needs ${missing.join(" and ")}`
      : worded(reason);
  return new Fault("usage/arguments", `${command.path}: ${what}`, {
    hint: `${usageOf(command)}; \`${command.path} --help\` tells more`,
  });
}

function unknownCommand(words: readonly string[], definitions: readonly Definition[]): Fault {
  const paths = definitions.map(({ path }) => path.slice("kit ".length));
  const [first = "", second] = words;
  const group = paths.filter((path) => path.startsWith(`${first} `));
  const written = group.length > 0 && second !== undefined ? `${first} ${second}` : first;
  const close = nearest(written, paths) ?? nearest(first, paths);
  const hint =
    close !== undefined
      ? `did you mean \`kit ${close}\`?`
      : group.length > 0
        ? group.map((path) => `\`kit ${path}\``).join(" or ")
        : "`kit --help` lists the commands";
  return new Fault("usage/unknown-command", `there is no command ${JSON.stringify(written)}`, { hint });
}

function unknownOption(option: string, command: Definition): Fault {
  const names = command.options.flatMap(({ definition }) => definition.split(" ")[0]?.split(",") ?? []);
  const close = nearest(option, names);
  return new Fault("usage/unknown-option", `${command.path} has no option ${option}`, {
    hint: close === undefined ? `\`${command.path} --help\` lists them` : `did you mean ${close}?`,
  });
}

/** Options that it cannot do without, of which clipanion says no word. */
function missingOptions(words: readonly string[], { options }: Definition): string[] {
  return options
    .filter(({ required }) => required)
    .map(({ definition }) => definition.split(" ")[0]?.split(",") ?? [])
    .filter(
      (names) => !words.some((word) => names.some((name) => word === name || word.startsWith(`${name}=`))),
    )
    .map((names) => names.join(" or "));
}

/** Clipanion's reasons as kit words things. */
function worded(reason: string): string {
  const extra = /^Extraneous positional argument \("(.*)"\)/.exec(reason)?.[1];
  if (extra !== undefined) return `${JSON.stringify(extra)} is too much`;
  if (reason.startsWith("Not enough positional")) return "an argument is missing";
  const option = /^Not enough arguments to option (\S+?)\.?$/.exec(reason)?.[1];
  return option === undefined ? reason : `${option} needs a value`;
}
