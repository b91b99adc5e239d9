// What a build looked for and did not find, as its log tells it.
// Pure. Knows the words of compilers, linkers, shells, build systems and interpreters; does not know who has what.

/** Something that was looked for, and how the path of a file ends that would be it, the likeliest first. */
export interface Missing {
  readonly what: string;
  readonly ends: readonly string[];
}

/**
 * Each once, in the order in which the log tells of them. Where some stand beside an error, these alone: a check of
 * configure may look for what nobody needs, and the build goes on. Where none does, those among the last lines.
 */
export function missingIn(log: readonly string[]): Missing[] {
  const lines = log.map((line) => line.trimEnd());
  const told = lines.flatMap((line, at) =>
    missingInLine(line, at, lines).map((missing) => ({ at, missing })),
  );
  const causes = told.filter(({ at }) => isBesideError(at, lines));
  const chosen = causes.length > 0 ? causes : told.filter(({ at }) => at >= lines.length - lastLines);
  return [...new Map(chosen.map(({ missing }) => [missing.what, missing])).values()].slice(0, mostTold);
}

const lastLines = 20;
const mostTold = 5;
const mostName = 200;

function missingInLine(line: string, at: number, lines: readonly string[]): Missing[] {
  const requirements = /Package requirements \((.*)\) were not met/.exec(line)?.[1];
  // What of them is missing stands below, where pkg-config said so.
  if (requirements !== undefined) {
    const isSaid = lines
      .slice(at + 1, at + 10)
      .some((other) => pkgConfigWords.some((form) => form.test(other)));
    return isSaid ? [] : modulesIn(requirements).map(pkgConfigFile);
  }
  for (const [form, missing] of words) {
    const name = form.exec(line)?.[1];
    if (name !== undefined && name.length <= mostName && !name.includes("..")) return [missing(name)];
  }
  return [];
}

/** Of `glib-2.0 >= 2.50, gio-2.0` the names. */
function modulesIn(requirements: string): string[] {
  const words = requirements.split(/[\s,]+/).filter((word) => word !== "");
  return words.filter((word, i) => !isOperator(word) && !isOperator(words[i - 1] ?? ""));
}

function isOperator(word: string): boolean {
  return /^(?:[<>]=?|!?=)$/.test(word);
}

/** What is missing stops a build in the same line, or the next ones tell that it did; cmake tells it the other way round. */
function isBesideError(at: number, lines: readonly string[]): boolean {
  const head = lines.slice(Math.max(0, at - 12), at + 1).findLast((line) => cmakeHead.test(line));
  if (head !== undefined && /^\s{2}\S/.test(lines[at] ?? "")) return head.startsWith("CMake Error");
  return lines.slice(Math.max(0, at - 3), at + 5).some((line) => error.test(line));
}

const cmakeHead = /^(?:CMake (?:Error|(?:Deprecation )?Warning)|-- )/;
const error =
  /\berror: |\bERROR: |\*\*\* |\bError \d+$|^CMake Error|^ninja: build stopped|compilation aborted|^\w*Error: |ended with status/;

const pkgConfigWords = [
  /^(?:--\s+)?Package '?([^\s',]+?)'?,? (?:was not found|required by .* not found|not found)/,
  /No package '([^\s']+)' found/,
];

const word = "([A-Za-z0-9_][A-Za-z0-9_.+-]*)";

/** What belongs to packages, as far as a path tells. */
const path = "(\\/(?:usr|bin|sbin|lib\\w*|etc|opt)\\/[^\\s:'\"’]+)";

/** The first that fits a line counts. */
const words: readonly (readonly [RegExp, (name: string) => Missing])[] = [
  [/fatal error: ['"]?([^\s:'"]+\.(?:h|hh|hpp|hxx|inc))['"]?:? (?:No such file|file not found)/, header],
  // C++ has headers without an ending; where no line of a source is told it is a source that is not there.
  [/^\S+:\d+:\d+: fatal error: ['"]?([^\s:'"]+)['"]?:? (?:No such file|file not found)/, header],
  ...pkgConfigWords.map((form) => [form, pkgConfigFile] as const),
  [/system library [`']([^\s`']+)[`'] required by crate/, pkgConfigFile],
  [/Dependency "([^\s"]+)"(?: \(modules: .*\))? not found/, pkgConfigFile],
  [/(?:shared or static|static|shared) library '([^\s']+)' not found/, library],
  [/Program(?:\(s\))? \[?'([^\s']+)[^\]]*?\]? not found/, program],
  [/package configuration file provided by\s+"([^\s"]+)"/, cmakePackage],
  [/Could NOT find ([A-Za-z0-9_+.-]+)/, cmakeModule],
  [/Could not find \S+ using the following names: ([A-Za-z0-9_+.-]+)/, anyFile],
  [/cannot find -l([^\s:]+)/, library],
  [/ModuleNotFoundError: No module named '?([A-Za-z0-9_]+)/, pythonModule],
  [/Can't locate ([A-Za-z0-9_/]+\.pm) in @INC/, perlModule],
  [/: \/\S*\/([^\s/:]+): bad interpreter/, program],
  [/\benv: [‘'"]?([^\s‘’'":/]+)[’'"]?: No such file or directory/, program],
  [new RegExp(`^g?make(?:\\[\\d+\\])?: ${word}: (?:No such file or directory|Command not found)$`), program],
  [new RegExp(`Can't exec "${word}": No such file`), program],
  [new RegExp(`FileNotFoundError: .*No such file or directory: '${word}'`), program],
  [new RegExp(`: (?:line )?\\d+: (?:exec: )?${word}: not found$`), program],
  [new RegExp(`(?:^|[\\s:])${word}: command not found$`), program],
  [new RegExp(`^(?:\\S*/)?(?:ba|da)?sh: ${word}: not found$`), program],
  [new RegExp(`(?:^|[\\s'"‘])${path}['"’]?: (?:No such file|(?:[Cc]ommand )?not found)`), wholePath],
  [new RegExp(`No such file or directory: ['"]${path}['"]`), wholePath],
];

function header(name: string): Missing {
  return { what: name, ends: [`/${name}`] };
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

/** What a module of cmake's own looks for is a library or a program that is called so. */
function cmakeModule(name: string): Missing {
  const lower = name === "PkgConfig" ? "pkg-config" : name.toLowerCase();
  return {
    what: `cmake's ${name}`,
    ends: [
      ...cmakePackage(name).ends,
      ...pkgConfigFile(lower).ends,
      ...pkgConfigFile(`lib${lower}`).ends,
      ...library(lower).ends,
      ...program(lower).ends,
    ],
  };
}

function library(name: string): Missing {
  return { what: `lib${name}`, ends: [`/lib${name}.so`, `/lib${name}.a`] };
}

function program(name: string): Missing {
  return { what: name, ends: [`/bin/${name}`, `/sbin/${name}`] };
}

/** A package may have it without the /usr that leads to it here. */
function wholePath(path: string): Missing {
  return { what: path, ends: [path.replace(/^\/usr(?=\/)/, "")] };
}

/** find_library, find_program and find_path tell it alike. */
function anyFile(name: string): Missing {
  return { what: name, ends: [...library(name).ends, ...program(name).ends, `/include/${name}`] };
}

function pythonModule(name: string): Missing {
  const folders = ["dist-packages", "site-packages"];
  return {
    what: `python's ${name}`,
    ends: folders.flatMap((folder) => [`/${folder}/${name}/__init__.py`, `/${folder}/${name}.py`]),
  };
}

function perlModule(path: string): Missing {
  return { what: `perl's ${path.slice(0, -3).replaceAll("/", "::")}`, ends: [`/${path}`] };
}
