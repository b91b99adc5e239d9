// Packages that cannot be laid down before their preinst runs are left to dpkg, one after another.
// Uses packages of its own with real shells and dpkg; those of Debian that divert files are in sets.long.test.ts.

import { expect, test } from "vitest";
import { done, kit } from "../e2e/kit.ts";
import { openPlace } from "../e2e/place.ts";
import { readTar } from "../rig/tar.ts";
import { installed } from "./root.ts";

const packages = {
  // Leaves a mark when it is configured.
  tool: ["", { postinst: "mkdir -p /var/lib/tool; echo ready >/var/lib/tool/state" }],
  // Relies on a configured Pre-Depends.
  needy: [
    "preDepends: [tool], ",
    { preinst: "grep -q ready /var/lib/tool/state; cp /var/lib/tool/state /var/lib/needy" },
  ],
  // Fails over its own files, as dpkg would not have them yet.
  alone: [
    "preDepends: [tool], ",
    { preinst: "test ! -e /usr/share/alone; date +%s >/var/lib/alone", postinst: "test -e /usr/share/alone" },
  ],
} as const;

test("a preinst that fails over files that lie there already", { timeout: 240_000 }, async () => {
  using place = openPlace("fallback");
  for (const [name, [fields, scripts]] of Object.entries(packages)) {
    const named = Object.entries(scripts).map(
      ([script, text]) => [`${name}.${script}`, `#!/bin/sh\nset -e\n${text}\n`] as const,
    );
    place.write({
      [`${name}.yaml`]: [
        `kind: package\nname: ${name}\nversion: "1"\nbuilder: deb-files\narchitectures: [all]`,
        `files: [{path: /usr/share/${name}, content: "${name}\\n"}]`,
        `deb: {${fields}scripts: {${Object.keys(scripts)
          .map((script) => `${script}: ./${name}.${script}`)
          .join(", ")}}}\n`,
      ].join("\n"),
      ...Object.fromEntries(named),
    });
  }
  place.write({
    "image.yaml":
      "kind: image\nname: image\ndistro: debian/trixie\npackages: [./tool.yaml, ./needy.yaml, ./alone.yaml]\noutputs: [{type: tar}]\n",
  });
  const mirrors = process.env["KIT_MIRRORS"];
  const outcome = done(
    await kit(["realize", "image.yaml"], {
      cwd: place.folder,
      store: place.store,
      env: { ...(mirrors !== undefined && { KIT_MIRRORS: mirrors }) },
    }),
  );
  const root = readTar(outcome.paths.get("tar") ?? "");
  for (const name of Object.keys(packages)) {
    expect(installed(root)).toContain(`${name} all 1 install ok installed`);
    expect(root.read(`usr/share/${name}`).toString()).toBe(`${name}\n`);
  }
  expect(root.read("var/lib/needy").toString()).toBe("ready\n");
  expect(root.read("var/lib/alone").toString()).toMatch(/^\d+\n$/);
  expect([...root.members.keys()].filter((path) => /sbin\/policy-rc\.d|tmp\.ci|^tmp\//.test(path))).toEqual(
    [],
  );
});
