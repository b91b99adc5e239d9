// kit profile: what `kit realize --profile` made, generation by generation.
// Knows how it is told; does not know what a generation keeps.

import { join } from "node:path";
import { Command, Option } from "clipanion";
import { Fault } from "../../store/model/fault.ts";
import { checkProfileName, type Generation, type Profile, readProfiles } from "../../store/profiles.ts";
import type { Parts } from "../composition.ts";
import { PartsCommand } from "./command.ts";

export class ProfileCommand extends PartsCommand {
  static override paths = [["profile"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "generations of profiles, and letting them go",
    details: `
      A profile is a name for what \`kit realize MANIFEST --profile NAME\` made, time after time: each generation that
      differs from the last is kept from collection until it is let go, here or by \`kit gc --keep\`. Lists profiles, or
      one profile's generations with their outputs.
    `,
    examples: [
      ["What there is of it", "kit profile edge"],
      ["Build, and remember one more", "kit realize image.yaml --profile edge"],
      ["Let two generations go", "kit profile edge --remove 3 --remove 4"],
      ["Let all of it go", "kit profile edge --remove all"],
    ],
  });

  profile = Option.String({ name: "NAME", required: false });
  removed = Option.Array("--remove", [], { description: "a generation's number, or all; may be repeated" });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const profiles = readProfiles(parts.layout);
    if (this.profile === undefined) return this.list(profiles);
    checkProfileName(this.profile);
    const found = profiles.find(({ name }) => name === this.profile);
    if (found === undefined)
      throw new Fault("usage/no-profile", `there is no profile ${this.profile}`, {
        hint: "`kit profile` lists them; `kit realize MANIFEST --profile NAME` makes one",
      });
    if (this.removed.length > 0) return await this.remove(found, parts);
    this.done();
    if (this.json) this.print(JSON.stringify(found));
    else this.print(...found.generations.flatMap((one) => generationLines(one, parts.layout.root)));
    return 0;
  }

  private list(profiles: readonly Profile[]): number {
    this.done();
    if (this.json) this.print(JSON.stringify(profiles));
    else
      this.print(
        ...profiles.map(({ name, generations }) => {
          const last = generations.at(-1);
          return `${name} ${last?.number} ${last ? dateOf(last) : ""} ${last?.label}`;
        }),
      );
    return 0;
  }

  private async remove({ name, generations }: Profile, parts: Parts): Promise<number> {
    const all = generations.map(({ number }) => number);
    const numbers = this.removed.includes("all") ? all : this.removed.map(Number);
    const unknown = numbers.findIndex((number) => !all.includes(number));
    if (unknown >= 0)
      throw new Fault("usage/no-profile", `${name} has no generation ${this.removed[unknown]}`, {
        hint: `it has ${all.join(", ")}`,
      });
    await (await parts.keeper()).removeGenerations(name, numbers);
    this.done();
    return 0;
  }
}

function generationLines(generation: Generation, root: string): string[] {
  return [
    `${generation.number} ${dateOf(generation)} ${generation.label}`,
    ...Object.entries(generation.outputs).map(([name, place]) => `  ${name} ${join(root, place)}`),
  ];
}

/** To the second, in UTC. */
function dateOf({ made }: Generation): string {
  return new Date(made * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}
