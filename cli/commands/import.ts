// kit import: what `kit export` wrote comes into the store, and its manifest where it is wanted.
// Knows the order, and what is told; does not know a bundle's form, nor how anything is brought.

import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Command, Option } from "clipanion";
import type { About } from "../../builders/cache/about.ts";
import { type Bundle, openBundle } from "../../builders/cache/bundle.ts";
import { readAbout, unpackEnclosure } from "../../builders/cache/enclosure.ts";
import { type Inspection, inspect, refuseUnbelieved } from "../../builders/cache/inspection.ts";
import type { RealizeOptions } from "../../builders/realizer/means.ts";
import { quoted } from "../../builders/sandbox/spec.ts";
import { asCacheFault } from "../../store/cache/trouble.ts";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import { parsePublicKey } from "../../store/model/key.ts";
import { checkProfileName } from "../../store/profiles.ts";
import type { Parts } from "../composition.ts";
import { type TakenIn, takeIn } from "../intake.ts";
import { plural } from "../render/text.ts";
import type { Settings } from "../settings.ts";
import { PartsCommand } from "./command.ts";
import { short } from "./selection.ts";

export class ImportCommand extends PartsCommand {
  static override paths = [["import"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "take in what `kit export` wrote, without any network",
    details: `
      Brings every result out of the file, and with \`--to\` writes the manifest and the files it names into a new folder;
      \`kit realize\` finds everything there then. Results are believed as the configuration says (\`trustedKeys\`,
      \`signaturesRequired\`), with the keys of \`--trust\` beside: all of them, or nothing is taken in. \`--unsigned\`
      believes whoever gave you the file. Manifests are signed by nobody; where one asks for anything else than what is in
      the file, that is told.

      What was taken in is kept from collection by a generation of the profile \`import-MANIFEST\`: \`kit profile\`. A file
      can also be named wherever a cache can: \`kit pull\`, \`kit challenge\`, \`caches\` in kit.config.yaml.
    `,
    examples: [
      [
        "On a machine without a network",
        "kit import image.kit --to image && kit realize image/image.yaml --offline",
      ],
      [
        "From somebody whose key is not among trustedKeys",
        "kit import image.kit --trust build.example.org-1:PaQx…",
      ],
      ["Let it go", "kit profile import-image --remove all && kit gc"],
    ],
  });

  file = Option.String({ name: "FILE" });
  to = Option.String("--to", { description: "a folder for the manifest; must be empty, or not there" });
  trust = Option.Array("--trust", [], { description: "a public key to believe this once; may be repeated" });
  unsigned = Option.Boolean("--unsigned", false, { description: "believe also what no trusted key signed" });
  profile = Option.String("--profile", { description: "the profile that keeps it (import-MANIFEST)" });

  protected override adjust(settings: Settings): Settings {
    const { caches } = settings;
    const trusted = [...caches.trusted, ...this.trust.map(parsePublicKey)];
    return { ...settings, caches: { ...caches, places: [{ address: this.absolute(this.file) }], trusted } };
  }

  protected override partOptions(): ReturnType<PartsCommand["partOptions"]> {
    return { offline: true, caches: true, word: this.unsigned ? "unsigned" : "signed" };
  }

  protected override buildOptions(): RealizeOptions {
    return { ...super.buildOptions(), offline: true, caches: "only" };
  }

  override async work(parts: Parts): Promise<number> {
    const file = this.absolute(this.file);
    const folder = this.to === undefined ? undefined : this.absolute(this.to);
    if (folder !== undefined) requireFree(folder);
    await using bundle = await openBundle(file);
    const { trusted, required } = this.settings.caches;
    const inspection = await inspect(bundle, { trusted, required, unsigned: this.unsigned });
    refuseUnbelieved(inspection, file, { required });
    const about = await readAbout(bundle);
    if (folder !== undefined && about === undefined)
      throw new Fault("usage/no-manifest", `${file} holds no manifest`, { hint: "import it without --to" });
    const profile = this.profile ?? profileFor(about);
    checkProfileName(profile);
    const taken = await this.takeIn(bundle, inspection, about, folder, profile, parts);
    this.done();
    this.tell(taken, inspection, about, folder, profile);
    if (taken.differing.length === 0) return exitStatus.done;
    throw new Fault(
      "differs/import",
      `of ${plural(taken.differing.length, "request")} the store has another result than the file`,
      {
        details: taken.differing.map(short),
        hint: "the store's stays; `kit challenge` tells who says what, `kit realize --check` finds what varies",
      },
    );
  }

  private async takeIn(
    bundle: Bundle,
    { believed }: Inspection,
    about: About | undefined,
    folder: string | undefined,
    profile: string,
    parts: Parts,
  ): Promise<TakenIn> {
    const scratch = scratchFor(folder);
    try {
      const files = join(scratch, "files");
      if (about !== undefined) await unpackEnclosure(bundle, about, files);
      const manifest = about && {
        file: join(files, about.manifest),
        wish: {
          ...(about.architecture !== undefined && { architecture: about.architecture }),
          ...(about.buildType !== undefined && { buildType: about.buildType }),
        },
      };
      const warn = (text: string) => this.renderer.event({ type: "warning", text });
      const taken = await takeIn(believed, manifest, {
        parts,
        options: this.buildOptions(),
        file: this.file,
        warn,
      });
      await (await parts.keeper()).addGeneration(profile, {
        made: Math.round(this.context.now() / 1000),
        label: basename(this.file),
        outputs: {},
        contents: [],
        requests: [...believed.keys()],
      });
      if (folder !== undefined) place(files, folder);
      return taken;
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }

  private tell(
    { brought }: TakenIn,
    { believed, signers }: Inspection,
    about: About | undefined,
    folder: string | undefined,
    profile: string,
  ): void {
    const manifest = folder && about && join(folder, about.manifest);
    if (this.json)
      return this.print(
        JSON.stringify({
          results: believed.size,
          brought,
          profile,
          signers: signers.map(({ key, trusted, results }) => ({
            key: key.name,
            fingerprint: key.fingerprint,
            trusted,
            results,
          })),
          ...(manifest && { manifest }),
        }),
      );
    this.print(
      `imported ${plural(brought, "result")}; ${believed.size - brought} were there; the profile ${profile} keeps them`,
    );
    if (manifest === undefined || about === undefined) return;
    const flags = [
      ...(about.architecture === undefined ? [] : [`--arch ${about.architecture}`]),
      ...(about.buildType === undefined ? [] : [`--build-type ${about.buildType}`]),
    ];
    this.print(["kit realize", quoted(manifest), "--offline", ...flags].join(" "));
  }
}

/** @throws {Fault} `usage/not-empty` */
function requireFree(folder: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined && statSync(dirname(folder), { throwIfNoEntry: false })?.isDirectory()) return;
  if (stats?.isDirectory() && readdirSync(folder).length === 0) return;
  throw notFree(
    folder,
    stats === undefined
      ? "cannot be made: there is no folder to make it in"
      : "is there, and is no empty folder",
  );
}

function notFree(folder: string, why: string, cause?: unknown): Fault {
  return new Fault("usage/not-empty", `${folder} ${why}`, {
    cause,
    hint: "name another folder with --to: nothing is overwritten",
  });
}

/** Beside the folder that is to have it, for it is renamed; else among what is temporary. */
function scratchFor(folder: string | undefined): string {
  const prefix = folder === undefined ? join(tmpdir(), "kit-import-") : `${folder}.new-`;
  try {
    return mkdtempSync(prefix);
  } catch (error) {
    throw asCacheFault(error, prefix, "written");
  }
}

/** An empty folder is replaced; another kit or person may have put something there meanwhile. */
function place(files: string, folder: string): void {
  try {
    renameSync(files, folder);
  } catch (cause) {
    throw notFree(folder, existsSync(folder) ? "has been filled meanwhile" : "cannot be made", cause);
  }
}

function profileFor(about: About | undefined): string {
  const name = about === undefined ? "" : basename(about.manifest).replace(/\.ya?ml$/, "");
  return `import-${name.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}`.slice(0, 64).replace(/-$/, "");
}
