// kit store verify: whether the store holds what it says it holds.
// Knows how it is told; does not check anything itself.

import { existsSync } from "node:fs";
import { Command, Option } from "clipanion";
import { type AbsentOutput, type Mended, mend, titleOf } from "../../builders/realizer/mend.ts";
import type { Problem } from "../../store/members.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import type { Verification } from "../../store/verify.ts";
import type { Parts } from "../composition.ts";
import { bytesText, plural, visible } from "../render/text.ts";
import { absentOutputs } from "../rootlinks.ts";
import { PartsCommand } from "./command.ts";

export class StoreVerifyCommand extends PartsCommand {
  static override paths = [["store", "verify"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "read everything and compare it with its names",
    details: `
      Hashes every file of the pool and compares mode, owner, attributes and date with its name; compares every
      checkout and output with its tree; reads every tree, statement and root, and looks whether what they name is
      there. Ends with 5 where anything is wrong. With \`--repair\` what is wrong is moved to \`corrupt/\` in the store,
      with all that names it; then what it takes to make that whole again is brought out of caches or built, and shown
      again where links and profiles lead to it. What is lost is told, and the exit status is 5; else it is 0.
    `,
    examples: [
      ["Is the store sound?", "kit store verify"],
      ["Make it so", "kit store verify --repair"],
    ],
  });

  repair = Option.Boolean("--repair", false, {
    description: "set aside what is wrong; waits until no other kit uses the store",
  });

  protected override partOptions(): ReturnType<PartsCommand["partOptions"]> {
    return { caches: this.repair };
  }

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const found = this.repair ? await this.alone(parts, "repair") : await this.found(parts);
    const absent = absentOutputs(parts.layout);
    const problems = this.repair ? found.problems : [...found.problems, ...absent.map(problemOf)];
    const mended = this.repair ? await this.mend(found, absent, parts) : undefined;
    this.done();
    if (this.json) this.print(JSON.stringify({ ...found, problems, repaired: this.repair, ...mended }));
    else
      this.print(
        ...verificationLines({ ...found, problems }, this.repair),
        ...(mended ? mendedLines(mended) : []),
      );
    const isSound = mended === undefined ? problems.length === 0 : isWhole(mended);
    return isSound ? exitStatus.done : exitStatus.store;
  }

  private async mend(
    { problems }: Verification,
    absent: readonly AbsentOutput[],
    parts: Parts,
  ): Promise<Repair> {
    // What an earlier repair set aside may not have been made again: it was killed.
    const isNeeded = problems.length + absent.length > 0 || existsSync(parts.layout.corrupt);
    const mended = isNeeded ? await mend(this.mendMeans(parts)) : nothingMended;
    return { ...mended, lostRoots: problems.filter(({ kind }) => kind === "root" || kind === "generation") };
  }

  /** Beside other sessions, but for a store without room for another one. */
  private async found(parts: Parts): Promise<Verification> {
    try {
      return await (await parts.keeper()).verify();
    } catch (error) {
      if (error instanceof Fault && error.code === "store/full") return await this.alone(parts, "verify");
      throw error;
    }
  }

  private async alone(parts: Parts, method: "verify" | "repair"): Promise<Verification> {
    const keeper = await parts.hold(this.host.cores);
    try {
      return await keeper[method]();
    } finally {
      await keeper.close();
    }
  }
}

/** What a repair came to. */
interface Repair extends Mended {
  /** Roots and generations that could not be read: nobody knows what they kept. */
  readonly lostRoots: readonly Problem[];
}

const nothingMended: Mended = { restored: 0, lost: [], shown: 0, unshown: [] };

function isWhole({ lost, lostRoots, unshown }: Repair): boolean {
  return lost.length + lostRoots.length + unshown.length === 0;
}

function problemOf({ place, by }: AbsentOutput): Problem {
  return { kind: "output", place, why: `it is gone, and wanted by ${by.join(", ")}` };
}

function mendedLines(repair: Repair): string[] {
  const { restored, lost, shown, lostRoots, unshown } = repair;
  const losses = [
    ...lost.map((one) => `lost: ${titleOf(one)}`),
    ...unshown.map(problemOf).map(({ place, why }) => `lost: ${place}: ${why}`),
    ...lostRoots.map(
      ({ kind, place }) => `lost: the ${kind} ${place}: what it kept goes with the next collection`,
    ),
  ].map(visible);
  const again = [
    ...(restored > 0 ? [`${plural(restored, "result")} made whole again`] : []),
    ...(shown > 0 ? [`${plural(shown, "output")} shown again`] : []),
    ...(isWhole(repair) ? [] : ["`kit realize`, with -o or --profile, makes anew what is lost"]),
  ];
  return [...losses, ...again];
}

export function verificationLines(
  { statements, trees, members, bytes, problems }: Verification,
  repaired: boolean,
): string[] {
  const looked = `${plural(statements, "statement")}, ${plural(trees, "tree")}, ${plural(members, "file")} of ${bytesText(bytes)}`;
  const verdict =
    problems.length === 0
      ? "all is sound"
      : `${plural(problems.length, "problem")}${repaired ? ", set aside" : ""}`;
  return [
    ...problems.map(({ kind, place, why }) => visible(`${kind} ${place}: ${why}`)),
    `${looked}: ${verdict}`,
    ...(problems.length > 0 && !repaired
      ? ["`kit store verify --repair` sets it aside, so that it is built again"]
      : []),
  ];
}
