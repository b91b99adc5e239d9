// What a change rebuilds, and what it leaves alone: told by the events of the command itself.
// Every test changes manifests of its own over a copy of one store.

import { appendFileSync, existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTar } from "../rig/tar.ts";
import { type Base, copyManifests, copyStore, openBase } from "./base.ts";
import { built, done, kit, type Outcome, ownKit, startKit, told } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { flawsOf } from "./sound.ts";

const liblzma = join(
  dirname(dirname(ownKit)),
  `node_modules/node-liblzma/prebuilds/linux-${process.arch}/node-liblzma.node`,
);

let base: Base;
let shared: Place;
beforeAll(async () => {
  base = await openBase();
  shared = openPlace("rebuild");
  copyStore(base.store, shared.store);
});
afterAll(() => {
  expect(flawsOf(shared.store)).toEqual([]);
  shared[Symbol.dispose]();
});

const deb = "hello-kit_1.0.0_all.deb";
/** The package's .deb, its unpacking, the root with it, and what is made of that root. */
const image = [deb, deb, "hello customized", "hello root", "hello.tar"].sort();

interface Attempt extends Disposable {
  readonly folder: string;
  readonly packageFolder: string;
  readonly image: string;
  realize(...words: string[]): Promise<Outcome>;
  edit(file: string, change: (text: string) => string): void;
}

function openAttempt(): Attempt {
  const place = openPlace("change");
  const manifest = copyManifests(base, place.folder);
  const packageFolder = join(place.folder, "manifests/packages/hello");
  return {
    folder: place.folder,
    packageFolder,
    image: manifest,
    realize: async (...words) =>
      done(
        await kit(["realize", manifest, "--output", "tar", "--json", ...words], {
          cwd: place.folder,
          store: shared.store,
        }),
      ),
    edit(file, change) {
      const path = file.startsWith("/") ? file : join(packageFolder, file);
      const text = readFileSync(path, "utf8");
      const changed = change(text);
      if (changed === text) throw new Error(`nothing changed in ${file}`);
      writeFileSync(path, changed);
    },
    [Symbol.dispose]: () => place[Symbol.dispose](),
  };
}

test("nothing changed: a copy of the same manifests elsewhere builds nothing", async () => {
  using attempt = openAttempt();
  const outcome = await attempt.realize();
  expect(built(outcome)).toEqual([]);
  expect(outcome.paths.get("tar")?.split("/").at(-2)).toBe(base.first.paths.get("tar")?.split("/").at(-2));
});

describe("a change that shows in the package", () => {
  test("of a file rebuilds the package and the image, and nothing else", async () => {
    using attempt = openAttempt();
    attempt.edit("hello-kit", (text) => text.replace("hello,", "good day,"));
    const outcome = await attempt.realize();
    expect(built(outcome)).toEqual(image);
    expect(
      readTar(outcome.paths.get("tar") ?? "")
        .read("usr/bin/hello-kit")
        .toString(),
    ).toContain("good day,");
  });

  test("of a template's text, a maintainer script, a mode, the version: the same", async () => {
    const changes: [string, (text: string) => string, string?][] = [
      ["hello-kit.conf", (text) => text.replace("world", "moon")],
      ["postinst", (text) => text.replace("echo configured", "echo set up")],
      ["hello.yaml", (text) => text.replace('mode: "0755"', 'mode: "0750"')],
      ["hello.yaml", (text) => text.replace("1.0.0", "1.0.1"), "hello-kit_1.0.1_all.deb"],
    ];
    for (const [file, change, other = deb] of changes) {
      using attempt = openAttempt();
      attempt.edit(file, change);
      expect(built(await attempt.realize())).toEqual(
        image.map((label) => (label === deb ? other : label)).sort(),
      );
    }
  });

  test("of the version alone is told by why-rebuild as that, whether its architecture is said or not", async () => {
    using attempt = openAttempt();
    await attempt.realize("--arch", "amd64");
    attempt.edit("hello.yaml", (text) => text.replace("1.0.0", "1.0.2"));
    for (const words of [[], ["--arch", "amd64"]]) {
      const { stdout } = done(
        await kit(["why-rebuild", attempt.image, ...words], {
          cwd: attempt.folder,
          store: shared.store,
        }),
      );
      expect(stdout).toContain(
        'deb-files hello-kit_1.0.2_all.deb: it was hello-kit_1.0.0_all.deb; parameters.control.Version: "1.0.0" became "1.0.2"\n',
      );
    }
  });

  test("of the image's own settings lays them over the same root", async () => {
    using attempt = openAttempt();
    attempt.edit(attempt.image, (text) => text.replace("hostname: hello", "hostname: other"));
    expect(built(await attempt.realize())).toEqual(["hello customized", "hello.tar"]);
  });
});

describe("a change that shows nowhere", () => {
  test("comments and blank lines in every manifest rebuild nothing", async () => {
    using attempt = openAttempt();
    for (const file of ["hello.yaml", attempt.image])
      attempt.edit(file, (text) => `# A remark.\n\n${text}\n# And another.\n`);
    attempt.edit(join(attempt.packageFolder, "../../distros/debian/trixie.yaml"), (text) =>
      text.replace("kind: distro\n", "kind: distro   # of packages\n"),
    );
    expect(built(await attempt.realize())).toEqual([]);
  });

  test("another date, another order of keys, other quotes rebuild nothing", async () => {
    using attempt = openAttempt();
    utimesSync(join(attempt.packageFolder, "hello-kit"), 1, 1);
    attempt.edit("hello.yaml", (text) =>
      text.replace(
        '{path: /usr/bin/hello-kit, from: ./hello-kit, mode: "0755"}',
        "{mode: '0755', from: ./hello-kit, path: /usr/bin/hello-kit}",
      ),
    );
    attempt.edit(attempt.image, (text) => text.replace("packages: [less, nano,", 'packages: [nano, "less",'));
    expect(built(await attempt.realize())).toEqual([]);
  });

  test("a file written into the manifest gives the same .deb, and so rebuilds no image", async () => {
    using attempt = openAttempt();
    const text = readFileSync(join(attempt.packageFolder, "hello-kit"), "utf8");
    attempt.edit("hello.yaml", (manifest) =>
      manifest.replace("from: ./hello-kit, mode", `content: ${JSON.stringify(text)}, mode`),
    );
    expect(built(await attempt.realize())).toEqual([deb]);
  });

  test("a remark at the end of the lock's text does not count as a change of packages", async () => {
    using attempt = openAttempt();
    appendFileSync(attempt.image.replace(".yaml", ".lock"), "\n\n");
    expect(built(await attempt.realize())).toEqual([]);
  });
});

describe("debug and release", () => {
  test("coexist in one store; none takes a package that was built for the other", async () => {
    using attempt = openAttempt();
    attempt.edit("hello-kit.conf", (text) => `${text}BUILD=\${buildType}\n`);
    const conf = (outcome: Outcome) =>
      readTar(outcome.paths.get("tar") ?? "")
        .read("etc/hello-kit.conf")
        .toString();
    const release = await attempt.realize();
    const debug = await attempt.realize("--build-type", "debug");
    expect([conf(release), conf(debug)]).toEqual([
      expect.stringContaining("BUILD=release\n"),
      expect.stringContaining("BUILD=debug\n"),
    ]);
    expect(built(debug)).toEqual(image);
    expect([built(await attempt.realize()), built(await attempt.realize("--build-type", "debug"))]).toEqual([
      [],
      [],
    ]);
  });

  test("are built apart even where the bytes are the same, and share the image then", async () => {
    using attempt = openAttempt();
    attempt.edit("hello-kit", (text) => text.replace("hello,", "greetings,"));
    expect(built(await attempt.realize())).toEqual(image);
    expect(built(await attempt.realize("--build-type", "debug"))).toEqual([deb]);
  });
});

test("--rebuild builds all but what was fetched again, finds it the same, and says so by its status", async () => {
  using attempt = openAttempt();
  const events = told(await attempt.realize("--rebuild"));
  const ends = events.filter(({ type }) => type === "end");
  expect(new Set(ends.map(({ how }) => how))).toEqual(new Set(["built"]));
  expect(new Set(ends.map(({ builder }) => builder))).toEqual(
    new Set(["unpack", "tools", "rootfs", "deb-files", "customize", "tar"]),
  );
  // Each package is fetched once and unpacked once, but for the one that is built here.
  const unpacked = ends.filter(({ builder }) => builder === "unpack").length;
  expect(events.find(({ type }) => type === "done")).toMatchObject({
    built: ends.length,
    reused: unpacked - 1,
  });
});

test.skipIf(!existsSync(liblzma))("packages are unpacked by the liblzma that npm brought", async () => {
  using attempt = openAttempt();
  const running = startKit(["realize", attempt.image, "--output", "tar", "--json", "--rebuild"], {
    cwd: dirname(attempt.image),
    store: shared.store,
  });
  await running.says('"label":"tools launcher","builder":"tools","how":"built"');
  const maps = childrenOf(running.process.pid ?? 0).map((pid) => readFileSync(`/proc/${pid}/maps`, "utf8"));
  expect(maps.join("")).toContain(liblzma);
  done(await running.ended);
});

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
}

test("a package's scripts find a host name while the root is made, and the root keeps none", async () => {
  using attempt = openAttempt();
  attempt.edit(join(attempt.packageFolder, "../../images/hello.yaml"), (text) =>
    text.replace(/^hostname: .*\n/m, ""),
  );
  attempt.edit("postinst", (text) =>
    text.replace(/^#!.*\n/, (line) => `${line}cp /etc/hostname /usr/share/found\n`),
  );
  const outcome = await attempt.realize();
  const root = readTar(outcome.paths.get("tar") ?? "");
  expect(root.read("usr/share/found").toString()).toBe("kit\n");
  expect(root.members.has("etc/hostname")).toBe(false);
});

test("preInstall scripts run in the base, before the image's packages are there; postInstall over all", async () => {
  using attempt = openAttempt();
  const scripts = {
    "pre.sh": "#!/bin/sh\nset -e\ntest ! -e /usr/bin/less\necho first > /etc/order\n",
    "post.sh": "#!/bin/sh\nset -e\ntest -e /usr/bin/less\necho second >> /etc/order\n",
  };
  for (const [name, text] of Object.entries(scripts))
    writeFileSync(join(dirname(attempt.image), name), text, { mode: 0o755 });
  attempt.edit(
    attempt.image,
    (text) => `${text}scripts: {preInstall: [./pre.sh], postInstall: [./post.sh]}\n`,
  );
  const outcome = await attempt.realize();
  const order = readTar(outcome.paths.get("tar") ?? "").read("etc/order");
  expect(order.toString()).toBe("first\nsecond\n");
});
