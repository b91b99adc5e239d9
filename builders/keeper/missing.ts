// What a build looked for and did not find, as its log tells it, and who in the store has it.
// Pure. Knows the words of compilers, linkers, pkg-config, cmake, meson and shells; does not know stores.

/** Something that was looked for, and how the path of a file ends that would be it. */
export interface Missing {
  readonly what: string;
  readonly ends: readonly string[];
}

/** A package, and the paths of what it installs. */
export interface Holder {
  /** As a manifest would name it: a package of kit's own, or of the distribution. */
  readonly name: string;
  readonly isLocal: boolean;
  readonly paths: Iterable<string>;
}

const words: readonly (readonly [RegExp, (name: string) => Missing])[] = [
  [/fatal error: ['"]?([^\s:'"]+\.(?:h|hh|hpp|hxx|inc))['"]?:? (?:No such file|file not found)/, header],
  [/^Package '?([^\s',]+?)'?,? (?:was not found|required by .* not found)/, pkgConfigFile],
  [/No package '([^\s']+)' found/, pkgConfigFile],
  [/Dependency "?([^\s"]+)"? not found/, pkgConfigFile],
  [/package configuration file provided by "([^\s"]+)"/, cmakePackage],
  [/cannot find -l([^\s:]+)/, library],
  [/(?:^|[\s:])([A-Za-z0-9_.+-]+): (?:command )?not found$/, program],
];

/** Each once, in the order in which the log tells of them. */
export function missingIn(lines: readonly string[]): Missing[] {
  const found = new Map<string, Missing>();
  for (const line of lines)
    for (const [form, missing] of words) {
      const name = form.exec(line.trim())?.[1];
      if (name === undefined || name.length > mostName || name.includes("..")) continue;
      const one = missing(name);
      found.set(one.what, one);
    }
  return [...found.values()].slice(0, mostTold);
}

const mostName = 200;
const mostTold = 5;

/** Who has what is missing, a line each; kit's own packages first. */
export function suggestions(missing: readonly Missing[], holders: Iterable<Holder>): string[] {
  const owners = missing.map(() => new Map<string, boolean>());
  for (const { name, isLocal, paths } of holders)
    for (const path of paths)
      for (const [index, { ends }] of missing.entries())
        if (ends.some((end) => `/${path}`.endsWith(end))) owners[index]?.set(name, isLocal);
  return missing.flatMap(({ what }, index) => {
    const all = [...(owners[index] ?? [])].sort(
      ([a, own], [b, other]) => Number(other) - Number(own) || (a < b ? -1 : 1),
    );
    const names = all.slice(0, mostTold).map(([name]) => name);
    return names.length === 0 ? [] : [`${what} is in ${names.join(", ")}`];
  });
}

function header(name: string): Missing {
  return { what: name, ends: [`/include/${name}`, `/${name}`] };
}

function pkgConfigFile(name: string): Missing {
  return { what: `${name}.pc`, ends: [`/pkgconfig/${name}.pc`] };
}

function cmakePackage(name: string): Missing {
  return {
    what: `${name}'s cmake package`,
    ends: [`/${name}Config.cmake`, `/${name.toLowerCase()}-config.cmake`],
  };
}

function library(name: string): Missing {
  return { what: `lib${name}`, ends: [`/lib${name}.so`, `/lib${name}.a`] };
}

function program(name: string): Missing {
  return { what: name, ends: [`/bin/${name}`, `/sbin/${name}`] };
}
