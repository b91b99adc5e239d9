// A small Debian archive of a test's own on the loopback: signed, counted, and as broken as a test wants it.
// Knows what apt reads of an archive; does not know kit.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { formatStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import { files, serve } from "../builders/fetch/server.ts";
import { clearsign, makeSigner, type Signer } from "../builders/repository/signing.ts";
import { type Base, debsOf, readLock } from "./base.ts";
import type { Deb } from "./deb.ts";

export interface PublishOptions {
  /** Of the InRelease; now unless told. */
  readonly date?: Date;
  readonly validUntil?: Date;
  /** Whose signature; the archive's own key's unless told. */
  readonly signer?: Signer;
}

export interface Archive extends AsyncDisposable {
  /** Its URI: `http://127.0.0.1:PORT/small`. */
  readonly uri: string;
  /** The armoured key its manifests name. */
  readonly key: string;
  /** Paths asked for so far, below the archive's root. */
  readonly requests: string[];
  /** What is served, by paths below the archive's root; a test may change it. */
  readonly content: Map<string, Buffer>;
  /** Takes a package in; it is listed with the next `publish`. */
  add(deb: Deb): void;
  /** Takes a source package in, as its stanza in Sources; the archive has such a list once there is one. */
  addSource(stanza: Stanza): void;
  /** Takes a package out of the index, not of the archive. */
  drop(name: string): void;
  /** Writes index and InRelease for what was added so far. */
  publish(options?: PublishOptions): Promise<void>;
}

/** An archive with the packages of the base, so that tools and small roots can be made from it. Suite `stable`, component `main`. */
export async function openArchive(base: Base): Promise<Archive> {
  const signer = await makeSigner();
  const content = new Map<string, Buffer>();
  const packages = new Map<string, Stanza>();
  const sources = new Map<string, Stanza>();
  const server = await serve((request, response) => {
    const path = (request.url ?? "").replace(/^\/small\//, "");
    const bytes = content.get(path);
    return files(bytes === undefined ? {} : { [request.url ?? ""]: bytes })(request, response);
  });
  const bytes = debsOf(base);
  for (const { packages: locked } of Object.values(readLock(base.lock).distros)) {
    for (const { stanza } of Object.values(locked)) {
      packages.set(stanza["Package"] ?? "", stanza);
      content.set(stanza["Filename"] ?? "", readFileSync(bytes.get(stanza["SHA256"] ?? "") ?? ""));
    }
  }
  return {
    uri: `${server.url}/small`,
    key: signer.armoured,
    content,
    get requests() {
      return server.requests.map((request) => request.replace(/^\/small\//, ""));
    },
    add({ stanza, bytes: deb }) {
      const path = `pool/${stanza["Package"]}_${(stanza["Version"] ?? "").replace(/^\d+:/, "")}_${stanza["Architecture"]}.deb`;
      content.set(path, deb);
      const listed = { Filename: path, Size: String(deb.length), SHA256: sha256(deb) };
      packages.set(stanza["Package"] ?? "", { ...stanza, ...listed });
    },
    addSource: (stanza) => void sources.set(stanza["Package"] ?? "", stanza),
    drop: (name) => void packages.delete(name),
    async publish({ date = new Date(), validUntil, signer: other = signer } = {}) {
      const lists: (readonly [string, ReadonlyMap<string, Stanza>])[] = [
        ["main/binary-amd64/Packages.gz", packages],
      ];
      if (sources.size > 0) lists.push(["main/source/Sources.gz", sources]);
      const listed = lists.map(([path, stanzas]) => {
        const index = gzipSync([...stanzas.values()].map(formatStanza).join("\n"));
        content.set(`dists/stable/${path}`, index);
        return ` ${sha256(index)} ${index.length} ${path}`;
      });
      const release = [
        "Origin: Small",
        "Suite: stable",
        "Codename: small",
        "Architectures: amd64",
        "Components: main",
        `Date: ${date.toUTCString()}`,
        ...(validUntil ? [`Valid-Until: ${validUntil.toUTCString()}`] : []),
        "SHA256:",
        ...listed,
        "",
      ];
      content.set("dists/stable/InRelease", Buffer.from(await clearsign(release.join("\n"), [other])));
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A distro manifest for it, with the key beside it. */
export function distroFiles(
  archive: Pick<Archive, "uri" | "key">,
  name: string,
  base: readonly string[],
): Record<string, string> {
  return {
    "small.yaml": `kind: distro
name: ${name}
format: deb
architectures: [amd64, arm64]
repositories:
  - {name: main, uri: "${archive.uri}", suites: [stable], components: [main], signedBy: ./small.asc}
base: [${base.join(", ")}]
`,
    "small.asc": archive.key,
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
