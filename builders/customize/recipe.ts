// How what an image asks for beyond packages is planned: plain data out of its manifest, and one derivation.
// Pure: does not know the root it will be applied to.

import * as z from "zod/mini";
import type { Variables } from "../../evaluator/manifest/variables.ts";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Content, type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { DistroManifest } from "../distro/schema.ts";
import type { ImageManifest } from "../image/schema.ts";
import { localInput, type PlacedFile } from "../package/place.ts";
import type { TemplateVariables } from "../package/template.ts";
import { normalizeVersion } from "../rootfs/normalize.ts";
import { sandboxVersion } from "../sandbox/spec.ts";
import { dayOf } from "./day.ts";
import { unitName } from "./unit.ts";

export const customizeVersions = {
  customize: "2",
  sandbox: sandboxVersion,
  normalize: normalizeVersion,
} as const;

export interface CustomizeParameters {
  readonly architecture: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly hostname?: string;
  readonly locale?: string;
  readonly timezone?: string;
  readonly users: readonly WantedUser[];
  readonly groups: readonly WantedGroup[];
  readonly files: readonly (PlacedFile & { readonly template?: true })[];
  /** Of templates; absent where there are none. */
  readonly variables?: TemplateVariables;
  /** Unit names with their suffix. */
  readonly services: {
    readonly enable: readonly string[];
    readonly disable: readonly string[];
    readonly mask: readonly string[];
  };
  readonly networks: readonly { readonly match: string; readonly dhcp: boolean }[];
  readonly repositories: readonly WantedRepository[];
  readonly commandLine?: string;
  readonly modules: readonly string[];
  /** Inputs, in the order they run: postInstall, then finalize. */
  readonly scripts: readonly string[];
}

export interface WantedUser {
  readonly name: string;
  readonly uid?: number;
  readonly groups: readonly string[];
  readonly shell?: string;
  readonly home?: string;
  readonly passwordHash?: string;
  readonly sshKeys: readonly string[];
  readonly system: boolean;
  /** Days since 1970-01-01; absent: never. */
  readonly expires?: number;
}

export interface WantedGroup {
  readonly name: string;
  readonly gid?: number;
  readonly system: boolean;
}

export interface WantedRepository {
  readonly name: string;
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** The input that holds its keys. */
  readonly key: string;
}

/** Whether anything is to be done at all, for a root of these packages. */
export function needsCustomizing(
  manifest: ImageManifest,
  distro: DistroManifest,
  closure: { readonly packages: readonly { readonly name: string }[] },
): boolean {
  const {
    epoch: _,
    architecture: __,
    repositories,
    ...asked
  } = customizeParameters(manifest, distro, { architecture: "", epoch: 0, variables: new Map() });
  const has = (name: string) => closure.packages.some((item) => item.name === name);
  const isAsked = (value: unknown): boolean =>
    Array.isArray(value)
      ? value.length > 0
      : typeof value === "object" && value !== null
        ? Object.values(value).some(isAsked)
        : value !== undefined;
  return isAsked(asked) || (repositories.length > 0 && has("apt")) || has("openssh-server");
}

/**
 * What the manifest asks for. Where order means nothing lists are sorted, so that moving a line changes no key.
 *
 * @throws {Fault} `manifest/unknown-repository`, `manifest/duplicate-repository`, `manifest/contradiction`,
 * `manifest/bad-account`, `manifest/bad-date`
 */
export function customizeParameters(
  manifest: ImageManifest,
  distro: DistroManifest,
  { architecture, epoch, variables }: CustomizeContext,
): CustomizeParameters {
  const { hostname, locale, timezone, kernel, scripts } = manifest;
  return {
    architecture,
    epoch,
    ...given({ hostname, locale, timezone, commandLine: kernel.commandLine }),
    users: manifest.users.map(wantedUser).sort(byName),
    groups: manifest.groups
      .map(({ name, gid, system }) => ({ name, ...given({ gid }), system }))
      .sort(byName),
    files: manifest.files.map(({ path, content, from, template, mode, owner }) => ({
      path,
      ...given({ content, input: from === undefined ? undefined : localInput(from), mode, owner }),
      ...(template && { template }),
    })),
    // Where nothing is filled with them, another variable changes nothing that is built.
    ...(manifest.files.some(({ template }) => template) && { variables: Object.fromEntries(variables) }),
    services: wantedServices(manifest.services),
    networks: manifest.networks.map(({ match, dhcp }) => ({ match, dhcp })),
    repositories: wantedRepositories(manifest.repositories, distro),
    modules: kernel.modules,
    scripts: [...scripts.postInstall, ...scripts.finalize].map(localInput),
  };
}

export interface CustomizeContext {
  readonly architecture: string;
  readonly epoch: number;
  /** What templates may use. */
  readonly variables: Variables;
}

/** Nothing but scripts, in their order: paths as the manifest writes them. */
export function scriptParameters(
  scripts: readonly string[],
  { architecture, epoch }: { readonly architecture: string; readonly epoch: number },
): CustomizeParameters {
  return {
    architecture,
    epoch,
    users: [],
    groups: [],
    files: [],
    services: { enable: [], disable: [], mask: [] },
    networks: [],
    repositories: [],
    modules: [],
    scripts: scripts.map(localInput),
  };
}

/**
 * Output `root`. Both maps are by a path as its manifest writes it: `locals` of the image, `distroLocals` of its
 * distribution, whose repositories' keys go into the root.
 */
export function customizeDerivation(options: {
  readonly label: string;
  readonly root: Input;
  readonly launcher: Input;
  readonly parameters: CustomizeParameters;
  readonly locals: ReadonlyMap<string, Content>;
  readonly distroLocals: ReadonlyMap<string, Content>;
}): Derivation {
  const { label, root, launcher, parameters } = options;
  const used = [
    ...parameters.files.flatMap(({ input }) => input ?? []),
    ...parameters.scripts,
    ...parameters.repositories.map(({ key }) => key),
  ];
  const local = (name: string): Input => {
    const [kind, written] = [name.slice(0, name.indexOf(" ")), name.slice(name.indexOf(" ") + 1)];
    const content = (kind === "distro" ? options.distroLocals : options.locals).get(written);
    if (content === undefined) throw new Error(`${written} was not read`);
    return { content };
  };
  return derivation({
    builder: "customize",
    label,
    parameters: parameters as unknown as Canonical,
    inputs: { root, launcher, ...Object.fromEntries(used.map((name) => [name, local(name)])) },
    system: parameters.architecture,
    outputs: ["root"],
  });
}

const distroInput = (written: string) => `distro ${written}`;

function wantedUser(user: ImageManifest["users"][number]): WantedUser {
  const { name, uid, shell, home, passwordHash, sshKeys, system, expires } = user;
  for (const path of [shell, home]) {
    if (path?.includes(":"))
      throw new Fault(
        "manifest/bad-account",
        `the user ${name} cannot have ${path}: a colon ends a field of /etc/passwd`,
      );
  }
  const groups = [...new Set(user.groups)].sort();
  return {
    name,
    groups,
    sshKeys,
    system,
    ...given({ uid, shell, home, passwordHash, expires: expires === "never" ? undefined : dayOf(expires) }),
  };
}

function wantedServices(services: ImageManifest["services"]): CustomizeParameters["services"] {
  const [enable, disable, mask] = [services.enable, services.disable, services.mask].map((names) =>
    [...new Set(names.map(unitName))].sort(),
  ) as [string[], string[], string[]];
  const torn = enable.find((unit) => disable.includes(unit) || mask.includes(unit));
  if (torn !== undefined) {
    throw new Fault(
      "manifest/contradiction",
      `services: ${torn} is to be enabled and ${mask.includes(torn) ? "masked" : "disabled"}`,
      {
        hint: "leave it in one of the lists",
      },
    );
  }
  return { enable, disable, mask };
}

/** Those of the distribution that are kept (all, where the manifest names none), then those added. */
function wantedRepositories(
  { keep, add }: ImageManifest["repositories"],
  distro: DistroManifest,
): WantedRepository[] {
  if (distro.format === "rpm") {
    if (keep === undefined && add.length === 0) return [];
    throw new Fault("manifest/unsupported-format", "repositories: apt's alone can be left in an image", {
      hint: `${distro.name} has rpm packages: write its file of /etc/yum.repos.d under files`,
    });
  }
  const names = distro.repositories.map(({ name }) => name);
  const unknown = keep?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Fault(
      "manifest/unknown-repository",
      `repositories.keep: ${distro.name} has no repository ${unknown}`,
      { hint: `it has ${names.join(", ")}` },
    );
  }
  const kept = distro.repositories.filter(({ name }) => keep === undefined || keep.includes(name));
  const twice = add.find(({ name }) => kept.some((repository) => repository.name === name));
  if (twice !== undefined) {
    throw new Fault(
      "manifest/duplicate-repository",
      `repositories.add: ${distro.name} has a repository ${twice.name} already`,
      {
        hint: "give it another name, or leave the distribution's out of `keep`",
      },
    );
  }
  const wanted = (list: typeof add, input: (written: string) => string) =>
    list.map(({ name, uri, suites, components, signedBy }) => ({
      name,
      uri,
      suites,
      components,
      key: input(signedBy),
    }));
  return [...wanted(kept, distroInput), ...wanted(add, localInput)];
}

/** The members that have a value. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

const text = z.optional(z.string());
const strings = z.array(z.string());
const shape = z.object({
  architecture: z.string(),
  epoch: z.number(),
  hostname: text,
  locale: text,
  timezone: text,
  users: z.array(
    z.object({
      name: z.string(),
      uid: z.optional(z.number()),
      groups: strings,
      shell: text,
      home: text,
      passwordHash: text,
      sshKeys: strings,
      system: z.boolean(),
      expires: z.optional(z.number()),
    }),
  ),
  groups: z.array(z.object({ name: z.string(), gid: z.optional(z.number()), system: z.boolean() })),
  files: z.array(
    z.object({
      path: z.string(),
      content: text,
      input: text,
      mode: text,
      owner: text,
      template: z.optional(z.literal(true)),
    }),
  ),
  variables: z.optional(z.record(z.string(), z.string())),
  services: z.object({ enable: strings, disable: strings, mask: strings }),
  networks: z.array(z.object({ match: z.string(), dhcp: z.boolean() })),
  repositories: z.array(
    z.object({ name: z.string(), uri: z.string(), suites: strings, components: strings, key: z.string() }),
  ),
  commandLine: text,
  modules: strings,
  scripts: strings,
});

/** A request's parameters, as this recipe wrote them. */
export function readCustomizeParameters(parameters: unknown): CustomizeParameters {
  return z.parse(shape, parameters) as CustomizeParameters;
}
