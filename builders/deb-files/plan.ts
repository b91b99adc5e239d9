// Planning a package of files as they are.
// Pure. Knows what its file is made with; does not know where its files come from.

import type { Planning } from "../../evaluator/evaluate.ts";
import { poolTime } from "../../store/layout.ts";
import { placed } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import type { Made } from "../distro/package.ts";
import type { DebFilesManifest } from "../package/deb-files.ts";
import { planTools } from "../tools/plan.ts";
import { controlFields, type DebFilesPlan, debFilesDerivation } from "./recipe.ts";

export interface DebFilesContext
  extends Pick<DebFilesPlan, "architecture" | "buildType" | "locals" | "packages" | "variables"> {
  /** Name of the distribution it is built for. */
  readonly distro: string;
  /** Where the manifest has what lies at this path. */
  readonly place: (path: readonly (string | number)[]) => Place;
}

/** Undefined while a question is open. @throws {Fault} `manifest/empty-package`, `manifest/path-clash` */
export function planDebFiles(
  planning: Planning,
  manifest: DebFilesManifest,
  { distro, place, ...made }: DebFilesContext,
): Made | undefined {
  if (isEmpty(manifest)) throw nothingInIt(place(["name"]));
  refuseClash(manifest, made.locals, place);
  const tools = planTools(planning, "dpkg", distro);
  const launcher = planTools(planning, "launcher", distro);
  if (tools === undefined || launcher === undefined) return undefined;
  const epoch = manifest.sourceDateEpoch ?? poolTime;
  const built = debFilesDerivation({ ...made, manifest, epoch, tools, launcher });
  const taken = manifest.files.flatMap(({ path, subpath }, index) =>
    subpath === undefined ? [] : [[path, place(["files", index, "subpath"])] as const],
  );
  const scripts = Object.keys(manifest.deb.scripts).map(
    (name) => [`script ${name}`, place(["deb", "scripts", name])] as const,
  );
  const places = Object.fromEntries([["", place(["name"])], ...scripts, ...taken]);
  return {
    stanza: controlFields(manifest, made.architecture),
    archive: { derivation: placed(built, places), output: "deb" },
    label: built.label,
  };
}

/** What is a file is no folder of another one, and no unit. @throws {Fault} `manifest/path-clash` */
function refuseClash(
  { files, deb }: DebFilesManifest,
  locals: DebFilesContext["locals"],
  place: DebFilesContext["place"],
): void {
  const isFile = ({ from, subpath }: DebFilesManifest["files"][number]) =>
    subpath === undefined && (from === undefined || locals.get(from)?.startsWith("blob:") === true);
  const single = new Map(files.flatMap((file, index) => (isFile(file) ? [[file.path, index] as const] : [])));
  const wanted = [
    ...files.map(({ path }, index) => ({ path, at: ["files", index, "path"], above: foldersOf(path) })),
    ...deb.units.map((unit, index) => {
      const path = `/usr/lib/systemd/system/${unit.slice(unit.lastIndexOf("/") + 1)}`;
      return { path, at: ["deb", "units", index], above: [...foldersOf(path), path] };
    }),
  ];
  for (const { path, at, above } of wanted) {
    const other = above.find((folder) => single.has(folder));
    if (other === undefined) continue;
    throw new Fault("manifest/path-clash", `${path} cannot be where ${other} is a file`, {
      place: place(at),
      related: [{ place: place(["files", single.get(other) ?? 0, "path"]), message: "the other one" }],
      hint: "give one of them another path",
    });
  }
}

/** Those a path lies in, `/` aside. */
function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** Neither has anything nor asks for anything, nor stands for anything. */
function isEmpty({ files, dependencies, deb }: DebFilesManifest): boolean {
  const { depends, preDepends, conflicts, breaks, replaces, provides, scripts, units, triggers } = deb;
  const lists = [files, dependencies, depends, preDepends, conflicts, breaks, replaces, provides, units];
  return [...lists, triggers, Object.keys(scripts)].every((list) => list.length === 0);
}

function nothingInIt(place: Place): Fault {
  return new Fault("manifest/empty-package", "this package would be empty", {
    place,
    hint: "name its files, or what it depends on, provides or conflicts with",
  });
}
