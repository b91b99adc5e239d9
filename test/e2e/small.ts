// A kit and an archive of a test file's own, and images made of it: the loopback is all the network there is.
// Knows how they are put together; does not know what a test does to them.

import { join } from "node:path";
import { type Archive, distroFiles, openArchive } from "./archive.ts";
import { openBase } from "./base.ts";
import { installKit, smallBase } from "./install.ts";
import { done, type KitOptions, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { type Refusal, refuses } from "./refusal.ts";

export interface Small extends AsyncDisposable {
  readonly archive: Archive;
  readonly binary: string;
  /** A folder with a distribution `./small.yaml` whose base is just this, and a store of its own. */
  attempt(base?: readonly string[]): Attempt;
}

export interface Attempt extends Place {
  run(argv: readonly string[], options?: Partial<KitOptions>): Promise<Outcome>;
  /** The same, gone well. */
  does(argv: readonly string[], options?: Partial<KitOptions>): Promise<Outcome>;
  refuses(
    argv: readonly string[],
    status: number,
    codes: readonly string[],
    options?: Partial<KitOptions>,
  ): Promise<Refusal>;
  /** `image.yaml`: a tar of these packages. */
  image(packages: readonly string[], more?: string): void;
}

export async function openSmall(): Promise<Small> {
  const archive = await openArchive(await openBase());
  await archive.publish();
  const place = openPlace("kit");
  const binary = installKit(join(place.folder, "kit"), archive);
  return {
    archive,
    binary,
    attempt(base = smallBase) {
      const own = openPlace("small");
      own.write(distroFiles(archive, "small", base));
      const options = (more: Partial<KitOptions> = {}) => ({
        cwd: own.folder,
        store: own.store,
        binary,
        ...more,
      });
      return {
        ...own,
        run: (argv, more) => kit(argv, options(more)),
        does: async (argv, more) => done(await kit(argv, options(more))),
        refuses: (argv, status, codes, more) => refuses(argv, options(more), status, ...codes),
        image: (packages, more = "") =>
          own.write({
            "image.yaml": `kind: image\nname: image\ndistro: ./small.yaml\narchitectures: [amd64]\npackages: [${packages.join(", ")}]\n${more}outputs:\n  - {type: tar}\n`,
          }),
      };
    },
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
}
