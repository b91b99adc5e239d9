// A benchmark of what the roots of images that are nearly alike take together.
// Knows statements and pool members; does not know how roots are made.

import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { layoutOf } from "../../store/layout.ts";
import { parseContent, splitContent } from "../../store/model/derivation.ts";
import { decodeTree, type Tree } from "../../store/model/tree.ts";
import { run } from "./measure.ts";
import type { Row } from "./row.ts";

const kit = join(import.meta.dirname, "../../cli/kit");
const manifests = join(import.meta.dirname, "../../manifests");

/** Debug, release, and three variants: one more package, another name and file, another locale and zone. */
const images: Readonly<Record<string, readonly string[]>> = {
  release: ["buildType: release"],
  debug: ["buildType: debug"],
  package: ["packages: [less, nano, ../packages/hello/hello.yaml]"],
  name: ["hostname: another", "vars: {word: welcome}"],
  place: ["locale: C.UTF-8", "timezone: Etc/UTC"],
};

export async function* sizes(
  folder: string,
  _times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (!wants("sizes")) return;
  const at = join(folder, "sizes");
  mkdirSync(at, { recursive: true });
  cpSync(manifests, join(at, "manifests"), { recursive: true });
  for (const [name, lines] of Object.entries(images)) {
    const file = join(at, `manifests/images/${name}.yaml`);
    writeFileSync(file, imageText(lines));
    run([kit, "realize", file], { env: { KIT_STORE: join(at, "store") } });
  }
  const trees = rootsIn(join(at, "store"));
  const { kept, least } = bytesOf(join(at, "store"), trees);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  yield {
    work: `${trees.length} roots of one image: debug, release, 3 variants`,
    against: "their distinct files, in blocks",
    ratio: kept / least,
    atMost: 1.1,
    detail: `${megabytes(kept)} against ${megabytes(least)}`,
  };
}

function imageText(lines: readonly string[]): string {
  const own = lines.some((line) => line.startsWith("packages:"))
    ? []
    : ["packages: [less, ../packages/hello/hello.yaml]"];
  const words = lines.some((line) => line.startsWith("vars:")) ? [] : ["vars: {word: hello}"];
  const common = [
    ...["kind: image", "name: bench", "distro: debian/trixie", "architectures: [amd64]"],
    // What is built from source differs between debug and release; here a file says which it is.
    ...[...words, "files: [{path: /etc/motd, content: '${word} to a ${buildType} image'}]"],
  ];
  return `${[...common, ...own, ...lines, "outputs: [{type: tar}]"].join("\n")}\n`;
}

/** The trees that became tars. */
function rootsIn(store: string): { readonly hex: string; readonly tree: Tree }[] {
  const { results, trees } = layoutOf(store);
  const digits = readdirSync(results).flatMap((fan) =>
    readdirSync(join(results, fan)).flatMap((name) => {
      const [, origin = "{}"] = readFileSync(join(results, fan, name), "utf8").split("\n");
      const { request } = JSON.parse(origin) as {
        request?: { builder: string; inputs: Record<string, string> };
      };
      const root = request?.builder === "tar" ? request.inputs["root"] : undefined;
      return root === undefined ? [] : [splitContent(parseContent(root)).digest.slice(-64)];
    }),
  );
  return [...new Set(digits)].map((hex) => ({
    hex,
    tree: decodeTree(readFileSync(join(trees, hex.slice(0, 2), hex))),
  }));
}

/** What the pool and the records of trees take on disk; and each distinct content once, in blocks of 4 KiB. */
function bytesOf(
  store: string,
  trees: readonly { readonly hex: string; readonly tree: Tree }[],
): { kept: number; least: number } {
  const layout = layoutOf(store);
  const least = new Map<string, number>();
  const files = trees.flatMap(({ tree }) => tree.entries.filter((entry) => entry.type === "file"));
  for (const { blob, size } of files) least.set(blob, 4096 * Math.ceil(size / 4096));
  const blobs = new Set(files.map(({ blob }) => blob.slice(-64)));
  const members = readdirSync(layout.pool).flatMap((fan) =>
    readdirSync(join(layout.pool, fan))
      .filter((name) => blobs.has(name.slice(0, 64)))
      .map((name) => join(layout.pool, fan, name)),
  );
  const records = trees.map(({ hex }) => join(layout.trees, hex.slice(0, 2), hex));
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);
  return {
    kept: sum([...members, ...records].map((file) => lstatSync(file).blocks * 512)),
    least: sum(least.values()),
  };
}
