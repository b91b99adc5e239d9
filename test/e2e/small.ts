// A kit and an archive of a test file's own, and images made of it: the loopback is all the network there is.
// Knows how they are put together; does not know what a test does to them.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { type Archive, distroFiles, openArchive } from "./archive.ts";
import { copyStore, openBase } from "./base.ts";
import { installKit, smallBase } from "./install.ts";
import { done, type KitOptions, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { type Refusal, type RefusalOptions, refuses } from "./refusal.ts";

export interface Small extends AsyncDisposable {
  readonly archive: Archive;
  readonly binary: string;
  /** A store that holds the small base and the tools, so that little is built anew; tests of one file share it. */
  readonly warm: string;
  /** A folder with a distribution `./small.yaml` whose base is just this; its store is the warm one unless told. */
  attempt(options?: { readonly base?: readonly string[]; readonly store?: "warm" | "own" }): Attempt;
}

export interface Attempt extends Place {
  run(argv: readonly string[], options?: Partial<KitOptions>): Promise<Outcome>;
  /** The same, gone well. */
  does(argv: readonly string[], options?: Partial<KitOptions>): Promise<Outcome>;
  refuses(
    argv: readonly string[],
    status: number,
    codes: readonly string[],
    options?: Partial<RefusalOptions>,
  ): Promise<Refusal>;
  /** `image.yaml`: a tar of these packages. */
  image(packages: readonly string[], more?: string): void;
}

/** 2 s with the base at hand, 8 the first time. */
export async function openSmall(): Promise<Small> {
  const archive = await openArchive(await openBase());
  await archive.publish();
  // The keeper has other ids than root: its code has to be readable by them while it loads.
  const place = openPlace("kit", { open: true });
  const binary = installKit(join(place.folder, "kit"), archive);
  const warm = join(place.folder, "warm");
  const attempt = (base: readonly string[], store: string | undefined): Attempt => {
    const own = openPlace("small");
    own.write(distroFiles(archive, "small", base));
    const common = { cwd: own.folder, store: store ?? own.store, binary };
    return {
      ...own,
      store: common.store,
      run: (argv, more) => kit(argv, { ...common, ...more }),
      does: async (argv, more) => done(await kit(argv, { ...common, ...more })),
      refuses: (argv, status, codes, more) => refuses(argv, { ...common, ...more }, status, ...codes),
      image: (packages, more = "") => own.write({ "image.yaml": imageOf(packages, more) }),
    };
  };
  await openWarm(warm, () => attempt(smallBase, warm));
  return {
    archive,
    binary,
    warm,
    attempt: ({ base = smallBase, store = "warm" } = {}) =>
      attempt(base, store === "warm" ? warm : undefined),
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
}

/** Made by whichever file of the run asks first, 6 s; the others get copies. Where archives are is no part of any key. */
async function openWarm(warm: string, open: () => Attempt): Promise<void> {
  const kept = join(inject("scratch"), "small-store");
  if (existsSync(kept)) return copyStore(kept, warm);
  using first = open();
  first.image([], 'hostname: "small"\n');
  await first.does(["realize", "image.yaml"]);
  copyStore(warm, kept);
}

function imageOf(packages: readonly string[], more: string): string {
  return `kind: image
name: image
distro: ./small.yaml
architectures: [amd64]
packages: [${packages.join(", ")}]
${more}outputs:
  - {type: tar}
`;
}
