// kit shell: a shell in the very sandbox a derivation is built in.
// Knows how the derivation is found and its inputs come about; does not know sandboxes.

import { Command, Option } from "clipanion";
import { realizeLine, sendLocals } from "../../builders/realizer/make.ts";
import { resolveRequest } from "../../builders/realizer/resolve.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import type { Parts } from "../composition.ts";
import { BuildCommand } from "./command.ts";
import { knownOf, select } from "./selection.ts";

export class ShellCommand extends BuildCommand {
  static override paths = [["shell"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "a shell in a build's sandbox",
    details: `
      Realizes the inputs of a derivation, prepares its build and, in place of its first command, opens a shell: the
      same root, mounts, environment and limits, no network. It is root in the sandbox, as that command is, which has
      sources built by the user "build" in /build. The command it stands for is in KIT_COMMAND. Of a build that
      failed with --keep-failed it is the sandbox as the failure left it, and changes stay there; else nothing is
      kept. The exit status is the shell's. DERIVATION is a label or how one begins, "BUILDER LABEL", or the first
      digits of a digest.
    `,
    examples: [
      ["Look around where a root is configured", "kit shell image.yaml 'hello root'"],
      [
        "Keep a failure, then look at it",
        "kit realize image.yaml --keep-failed; kit shell image.yaml 'hello root'",
      ],
      ["Run one command", "echo 'cat /etc/os-release' | kit shell image.yaml 'hello root'"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  derivation = Option.String({ name: "DERIVATION" });

  protected override partOptions() {
    return { ...super.partOptions(), terminal: true };
  }

  protected override readonly facts = "recorded";

  override async work(parts: Parts): Promise<number> {
    const { plan, world } = await this.plan(this.manifest, parts);
    const known = knownOf(allDerivations([...plan.outputs, ...plan.wanted]), (request) =>
      parts.records.result(request),
    );
    const { derivation } = select(known, this.derivation);
    const inputs = inputsOf(derivation);
    const means = parts.line(this.manifestFile(this.manifest));
    const { results } = await realizeLine(inputs, world, means, this.buildOptions());
    const request = resolveRequest(derivation, results);
    if (request === undefined) throw new Error(`${derivation.label} has inputs that are not realized`);
    await sendLocals(request, world, means, new Set());
    const keeper = await parts.keeper();
    // Progress and a prompt do not share a terminal.
    this.done();
    const { digest: id, label, hints } = derivation;
    return (await keeper.shell({ request, id, label, hints, rebuild: false })).status;
  }
}

function inputsOf(derivation: Derivation): Derivation[] {
  return Object.values(derivation.inputs).flatMap((input) =>
    "derivation" in input ? [input.derivation] : [],
  );
}
