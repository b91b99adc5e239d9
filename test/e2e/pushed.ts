// A small image that was realized and pushed to a cache's folder, and stores that have it not, or not yet.
// Knows how they are put together; does not know what a test does to the cache.

import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { layoutOf } from "../../store/layout.ts";
import { digestFromHex } from "../../store/model/digest.ts";
import { noise } from "../builders/cache/rig.ts";
import { makeDeb } from "./deb.ts";
import { done, type KitOptions, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

export interface Pushed extends AsyncDisposable {
  readonly small: Small;
  /** The cache's folder. A test that writes there copies it. */
  readonly cache: string;
  /** The public key that its statements are signed with, and the secret one's file. */
  readonly key: string;
  readonly keyFile: string;
  /** Of the root, the image and the package, which are in the cache: digits as commands take them. */
  readonly requests: readonly string[];
  /** What the image and its tar are called in a store: the name of the folder below `outputs`. */
  readonly output: string;
  /** Another signing key. */
  newKey(name: string): Promise<{ readonly key: string; readonly keyFile: string }>;
  /**
   * A folder with `image.yaml` and the package `own.yaml`, which takes no time to build, both of which were pushed; and
   * `other.yaml`, the image with another host name: its root is the same, the rest is not in the cache. `near`: the
   * store holds the tools and the base.
   */
  attempt(store: "near" | "empty", options?: AttemptOptions): CacheAttempt;
}

export interface AttemptOptions {
  /** Addresses or folders; the cache's folder. */
  readonly caches?: readonly string[];
  /** More lines of kit.config.yaml. */
  readonly config?: string;
  readonly trusted?: readonly string[];
}

export interface CacheAttempt extends Place, Pick<Attempt, "refuses"> {
  run(argv: readonly string[], options?: Partial<KitOptions>): Promise<Outcome>;
  does(argv: readonly string[], options?: Partial<KitOptions>): Promise<Outcome>;
  readonly options: KitOptions;
}

/** 20 s with the base at hand. */
export async function openPushed(): Promise<Pushed> {
  const small = await openSmall();
  const files = {
    "usr/share/greeting/hello": "hello\n",
    // Two chunks and more.
    "usr/share/greeting/large": noise(2_500_000).toString("latin1"),
    "usr/share/greeting/one": noise(200_000, 2).toString("latin1"),
    "usr/share/greeting/two": noise(300_000, 3).toString("latin1"),
  };
  small.archive.add(makeDeb("greeting", files));
  await small.archive.publish();
  const ownDeb = makeDeb("own", { "usr/share/own": noise(2_000_000, 4).toString("latin1") }).bytes;
  const place = openPlace("pushed");
  const [cache, keyFile] = [join(place.folder, "cache"), join(place.folder, "key")];
  const newKey = async (name: string) => {
    const file = name === "pusher" ? keyFile : join(place.folder, `${name}.key`);
    const { stdout } = done(
      await kit(["key", "generate", name, "-o", file], { cwd: place.folder, binary: small.binary }),
    );
    return { key: stdout.trim(), keyFile: file };
  };
  const { key } = await newKey("pusher");
  const attempt: Pushed["attempt"] = (store, { caches = [cache], config = "", trusted = [key] } = {}) => {
    const own = small.attempt({ store: "own" });
    own.image(["greeting"]);
    own.write({ "other.yaml": otherImage, "own.yaml": ownPackage, "own.deb": ownDeb });
    for (const name of ["image", "other"]) copyLock(place.folder, own.folder, name);
    const list = (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;
    own.write({
      "kit.config.yaml":
        `caches: ${list(caches)}\ntrustedKeys: ${list(trusted)}\ncacheDeadline: 30\n${config}`.replace(
          /cacheDeadline: 30\n(?=[\s\S]*cacheDeadline:)/,
          "",
        ),
    });
    if (store === "near") copyTo(small.warm, own.store);
    const options = { cwd: own.folder, store: own.store, binary: small.binary };
    return { ...own, options };
  };
  using first = attempt("near", { caches: [] });
  const { paths } = await first.does(["realize", "image.yaml"]);
  await first.does(["realize", "own.yaml"]);
  await first.does(["push", cache, "image.yaml", "own.yaml", "--key", keyFile]);
  for (const name of ["image", "other"])
    copyFileSync(join(first.folder, "image.lock"), join(place.folder, `${name}.lock`));
  return {
    ...{ small, cache, key, keyFile, newKey, attempt },
    requests: readdirSync(join(cache, "results")).filter((request) => isLarge(request, first.store)),
    output: outputOf(paths.get("tar")),
    async [Symbol.asyncDispose]() {
      await small[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
}

/** All the others are tools, or much like these. */
function isLarge(request: string, store: string): boolean {
  const file = layoutOf(store).result(digestFromHex(request));
  const [, origin = ""] = readFileSync(file, "utf8").split("\n");
  return ["rootfs", "tar", "copy"].includes(JSON.parse(origin).note.builder);
}

const otherImage = `kind: image
name: image
distro: ./small.yaml
architectures: [amd64]
packages: [greeting]
hostname: other
outputs:
  - {type: tar}
`;

const ownPackage = "kind: package\nname: own\nbuilder: deb-prebuilt\nsources: [{file: ./own.deb}]\n";

function copyLock(from: string, to: string, name: string): void {
  try {
    copyFileSync(join(from, `${name}.lock`), join(to, `${name}.lock`));
  } catch {
    // The first one has none yet.
  }
}

/** A copy with owners and modes: of a store, of a cache. */
export function copyTo(from: string, to: string): void {
  const copied = spawnSync("cp", ["-a", from, to], { encoding: "utf8" });
  if (copied.status !== 0) throw new Error(copied.stderr);
}

/** What an output is called, wherever the store lies. */
export function outputOf(path = ""): string {
  return basename(dirname(path));
}

/** Labels of what a `--json` command did, sorted: `brought tar image.tar`. */
export function deeds(outcome: Outcome): string[] {
  return told(outcome)
    .flatMap(({ type, how, builder, label }) =>
      type === "end" && how !== "reused" ? [`${how} ${builder} ${label}`] : [],
    )
    .sort();
}

export function warnings(outcome: Outcome): string[] {
  return told(outcome).flatMap(({ type, text = "" }) => (type === "warning" ? [text] : []));
}

/** Forgets what a `kit realize` that had nothing to do remembers of earlier ones. */
export function forget({ folder }: Place): void {
  rmSync(join(folder, ".cache"), { recursive: true, force: true });
}
