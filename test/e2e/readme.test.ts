// The README's image, as it stands there but for a real key: realized, with what it says in it. And its view's commands.
// Reads the text people read; chooses packages of bookworm and trixie from the machine's own mirror.

import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readTar } from "../rig/tar.ts";
import { shippedManifests } from "./base.ts";
import { done, kit } from "./kit.ts";
import { openPlace } from "./place.ts";
import { flawsOf } from "./sound.ts";

const readme = readFileSync(join(shippedManifests, "../README.md"), "utf8");
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f admin";

test("the README's image is what it says it is", async () => {
  using place = openPlace("readme");
  const example = /```yaml\n(kind: image\n[^`]*)```/.exec(readme)?.[1] ?? "";
  expect(example).toContain("ssh-ed25519 AAAA… admin");
  cpSync(shippedManifests, join(place.folder, "manifests"), { recursive: true });
  const images = join(place.folder, "manifests/images");
  writeFileSync(join(images, "edge.yaml"), example.replace("ssh-ed25519 AAAA… admin", key));
  writeFileSync(join(images, "app"), "#!/bin/sh\necho app\n", { mode: 0o755 });
  writeFileSync(join(images, "finish.sh"), "#!/bin/sh\necho finished > /etc/finished\n", { mode: 0o755 });
  const outcome = done(
    // All but the file system of 2 GiB, which is more than a test's store should hold.
    await kit(
      [
        "realize",
        join(images, "edge.yaml"),
        ...["tar", "oci", "squashfs"].flatMap((type) => ["--output", type]),
      ],
      {
        cwd: place.folder,
        store: place.store,
      },
    ),
  );
  expect([...outcome.paths.keys()]).toEqual(["tar", "oci", "squashfs"]);
  const tar = join(place.folder, "edge.tar");
  writeFileSync(tar, zstdDecompressSync(readFileSync(outcome.paths.get("tar") ?? "")));
  const root = readTar(tar);
  const text = (path: string) => root.read(path).toString();
  expect([text("etc/hostname"), text("etc/motd"), text("etc/finished")]).toEqual([
    "edge\n",
    "hello\n",
    "finished\n",
  ]);
  expect(text("home/admin/.ssh/authorized_keys")).toBe(`${key}\n`);
  expect(text("etc/group")).toMatch(/^sudo:[^:]*:27:admin$/m);
  expect(text("var/lib/dpkg/status")).toContain("Package: hello-kit\n");
  // Of the workload.
  expect(text("var/lib/dpkg/status")).toContain("Package: nginx\n");
  expect(text("var/lib/dpkg/status")).not.toContain("Package: tzdata\n");
  expect(text("opt/app")).toContain("echo app");
  expect(flawsOf(place.store)).toEqual([]);
});

test("the README's view is the one that ships, and its commands work", async () => {
  using place = openPlace("readme-view");
  const section = /\n## Workloads and views\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? "";
  const written = parse(/```yaml\n([^`]*)```/.exec(section)?.[1] ?? "");
  const { description: _, ...shipped } = parse(
    readFileSync(join(shippedManifests, "views/server.yaml"), "utf8"),
  );
  expect(written).toEqual(shipped);
  cpSync(shippedManifests, join(place.folder, "manifests"), { recursive: true });
  const commands = (/```sh\n([^`]*)```/.exec(section)?.[1] ?? "").trimEnd().split("\n");
  const told = new Map<string, string>();
  for (const line of commands) {
    const [npx, name, ...argv] = line.replace(/ +#.*/, "").split(" ");
    expect([npx, name]).toEqual(["npx", "kit"]);
    const { stdout } = done(await kit(argv, { cwd: place.folder, store: place.store }));
    told.set(argv.join(" ").replace("manifests/views/server.yaml", "VIEW"), stdout);
  }
  expect(told.get("why VIEW libssl3t64")).toMatch(/request nginx -> .*libssl3t64/);
  expect(told.get("why VIEW cmake")).toMatch(/in the buildroot of server .*\n {4}level 1: /);
  expect(told.get("why-not VIEW lighttpd --workload web-server")).toContain(
    "nothing that is asked for needs",
  );
  expect(told.get("buildroot VIEW")).toMatch(/^amd64\n {4}level 0: .*\n {4}level 1: .*\n {4}level 2: /);
  expect(existsSync(join(place.folder, "report/index.html"))).toBe(true);
});
