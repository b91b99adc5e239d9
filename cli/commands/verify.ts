// kit store verify: whether the store holds what it says it holds.
// Knows how it is told; does not check anything itself.

import { Command, Option } from "clipanion";
import type { Event } from "../../builders/event.ts";
import { type Mended, mend, titleOf } from "../../builders/realizer/mend.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import type { Verification } from "../../store/verify.ts";
import type { Parts } from "../composition.ts";
import { bytesText, plural, visible } from "../render/text.ts";
import { PartsCommand } from "./command.ts";

export class StoreVerifyCommand extends PartsCommand {
  static override paths = [["store", "verify"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "read everything and compare it with its names",
    details: `
      Hashes every file of the pool and compares mode, owner, attributes and date with its name; reads every tree,
      statement and root, and looks whether what they name is there. Ends with 5 where anything is wrong. With
      \`--repair\` what is wrong is moved to \`corrupt/\` in the store, with all that names it; then what it takes to make
      that whole again is brought out of caches or built. What cannot be made again is told, and the exit status is 5;
      else it is 0.
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
    const mended = this.repair && found.problems.length > 0 ? await this.mend(parts) : undefined;
    this.done();
    if (this.json) this.print(JSON.stringify({ ...found, repaired: this.repair, ...mended }));
    else this.print(...verificationLines(found, this.repair), ...(mended ? mendedLines(mended) : []));
    const isSound = found.problems.length === 0 || mended?.lost.length === 0;
    return isSound ? exitStatus.done : exitStatus.store;
  }

  private async mend(parts: Parts): Promise<Mended> {
    const emit = (event: Event) => this.renderer.event(event);
    const { keeper, mirrors, caches } = parts;
    return await mend({ keeper, mirrors: (archive) => mirrors(archive), caches, emit });
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

function mendedLines({ restored, lost }: Mended): string[] {
  return [
    ...lost.map((one) => visible(`lost: ${titleOf(one)}`)),
    `${plural(restored, "result")} made whole again${lost.length > 0 ? `, ${lost.length} lost: \`kit realize\` of their manifests makes them anew` : ""}`,
  ];
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
