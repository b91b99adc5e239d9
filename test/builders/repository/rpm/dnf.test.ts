// Real rpm repositories: what kit reads of them is what dnf says of them.
// Knows dnf's answers; does not know any real distribution.

import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { eachFileList, listGroups, listPackages } from "../../../../builders/repository/rpm/listing.ts";
import { parseStanzas, type Stanza } from "../../../../evaluator/deb/stanza.ts";
import { sha256Of } from "../../../../store/model/digest.ts";
import type { TestServer } from "../../fetch/server.ts";
import { fetchFrom, fileOf, mirror, open, prepare } from "./mirror.ts";

prepare();

/** Asks dnf, away from the machine's own repositories and caches. */
async function dnf(server: TestServer, ...args: readonly string[]): Promise<string> {
  const place = mkdtempSync(join(open.root, "dnf-"));
  const settings = [
    `cachedir=${place}`,
    `logdir=${place}`,
    `persistdir=${place}`,
    "reposdir=/dev/null",
    "module_platform_id=platform:none",
  ].map((setting) => `--setopt=${setting}`);
  const repository = ["--releasever=1", `--repofrompath=base,${server.url}/repo`, "--repo=base"];
  const { stdout } = await promisify(execFile)("dnf", ["-q", ...settings, ...repository, ...args], {
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  return stdout;
}

const sorted = (text: string | undefined) => (text ?? "").trim().split(/\n */).filter(Boolean).sort();

describe.each(["gz", "xz", "zst"] as const)("a repository in %s", (compression) => {
  test("is read as dnf reads it", async () => {
    const server = await mirror({ compression });
    const fetched = await fetchFrom([server]);
    expect(fetched.files.map((file) => [file.kind, file.compression])).toEqual(
      ["primary", "filelists", "group", "modules"].map((kind) => [kind, compression]),
    );
    const { text, packages, warnings, modules } = await listPackages(fetched, fileOf);
    expect([packages, warnings]).toEqual([3, []]);
    const stanzas = new Map(parseStanzas(text).map((stanza) => [stanza["Package"], stanza]));
    const paths = new Map<string, readonly string[]>();
    expect(await eachFileList(fetched, fileOf, (list) => void paths.set(list.name, list.paths))).toEqual([]);
    for (const name of ["sample", "sample-libs", "0odd+name_x"]) {
      const stanza = stanzas.get(name) ?? {};
      expect(await asDnfSays(server, stanza), name).toEqual(saidByStanza(stanza, paths.get(name) ?? []));
    }
    expect(modules?.defaults).toEqual(new Map([["sample", "1.10"]]));
    expect(stanzas.get("sample-libs")?.["Modular"]).toBe("sample:1.10:8010020190612143724:deadbeef:x86_64");
    expect(stanzas.get("sample")?.["Modular"]).toBeUndefined();
  });
});

const relations = "Provides Conflicts Obsoletes Recommends Suggests Supplements Enhances".split(" ");

async function asDnfSays(server: TestServer, stanza: Stanza): Promise<unknown> {
  const tags = ["name", "evr", "arch", "sourcerpm", "license", "summary", "vendor", "location"];
  const sizes = ["downloadsize", "installsize"];
  const many = [...relations.map((field) => field.toLowerCase()), "requires", "requires_pre", "files"];
  const format = [...tags, ...sizes, ...many].map((tag) => `%{${tag}}`).join("\n\x01");
  const text = await dnf(server, "repoquery", "--qf", format, `${stanza["Package"]}`);
  const said = text.replace(/\n$/, "").split("\n\x01");
  return {
    single: said.slice(0, tags.length + sizes.length),
    lists: said.slice(tags.length + sizes.length).map((list) => sorted(list)),
  };
}

function saidByStanza(stanza: Stanza, paths: readonly string[]): unknown {
  const tags =
    "Package Version Architecture Source License Summary Vendor Filename Size Installed-Size".split(" ");
  const requires = [...sorted(stanza["Requires"]), ...sorted(stanza["Requires-Pre"])].sort();
  const listed = relations.map((field) => sorted(stanza[field]));
  return {
    single: tags.map((tag) => stanza[tag]),
    lists: [...listed, requires, sorted(stanza["Requires-Pre"]), [...paths].sort()],
  };
}

test("groups ask for what dnf says is in them", async () => {
  const server = await mirror();
  const comps = await listGroups(await fetchFrom([server]), fileOf);
  const said = await dnf(server, "group", "info", "editors");
  const inDnf = new Map(
    said
      .split(/\n (?=\S)/)
      .slice(2)
      .map((part) => part.split(/:?\n */).filter(Boolean))
      .map(([type = "", ...names]) => [type.replace(" Packages", "").toLowerCase(), names]),
  );
  expect([...inDnf.keys()]).toEqual(["mandatory", "default", "optional", "conditional"]);
  const wanted = ["mandatory", "default", "conditional"].flatMap((type) => inDnf.get(type) ?? []);
  const names = comps?.groups.get("editors")?.map((text) => text.replace(/^\((\S+) if .*/, "$1"));
  expect(names?.toSorted()).toEqual(wanted.sort());
});

test("a package that is fetched is the one its stanza names", async () => {
  const server = await mirror();
  const fetched = await fetchFrom([server]);
  for (const stanza of parseStanzas((await listPackages(fetched, fileOf)).text)) {
    const { bytes } = await open.http.bytes([`${fetched.places[0]}/${stanza["Filename"]}`], { limit: 1e6 });
    expect([sha256Of(bytes), `${bytes.length}`]).toEqual([stanza["SHA256"], stanza["Size"]]);
  }
});
