// The patterns of one .gitignore file (gitignore(5)).
// Knows what a pattern means; does not know where the file lies, nor what other files say.

/** Whether a path below the file's folder is left out or taken in again; undefined where no pattern says so. */
export type GitIgnore = (path: string, isFolder: boolean) => boolean | undefined;

/**
 * The last pattern that fits decides. Of a path its folders are not looked at: whoever walks does not go into one that
 * is left out. (`ignore` of npm does look at them, and so leaves out what lies in a folder that a nearer file takes in.)
 */
export function gitIgnore(text: string): GitIgnore {
  const patterns = text.split(/\r?\n/).flatMap(parsePattern).reverse();
  return (path, isFolder) => {
    const fitting = patterns.find(({ form, folders }) => (isFolder || !folders) && form.test(path));
    return fitting?.ignores;
  };
}

interface Pattern {
  readonly form: RegExp;
  readonly ignores: boolean;
  /** Whether it means folders alone. */
  readonly folders: boolean;
}

function parsePattern(line: string): Pattern[] {
  // Spaces at the end count where they are quoted.
  const written = line.replace(/(?<!\\)((?:\\\\)*) +$/, "$1");
  if (written === "" || written.startsWith("#")) return [];
  const ignores = !written.startsWith("!");
  const body = ignores ? written : written.slice(1);
  const folders = body.endsWith("/");
  const path = folders ? body.slice(0, -1) : body;
  // Without a slash before its end it fits a name at any depth.
  const glob = path.includes("/") ? path.replace(/^\//, "") : `**/${path}`;
  const form = expression(glob);
  return form === undefined ? [] : [{ form, ignores, folders }];
}

/** Undefined for a pattern that fits nothing: one that ends within brackets or after a backslash. */
function expression(glob: string): RegExp | undefined {
  let form = "";
  for (let rest = glob, isFirst = true; rest !== ""; isFirst = false) {
    const [token = ""] = tokens.exec(rest) ?? [];
    if (token === "") return undefined;
    const isAtStart = isFirst || form.endsWith("/") || form.endsWith(anyFolders);
    form += meaning(token, isAtStart, token.length === rest.length);
    rest = rest.slice(token.length);
  }
  try {
    return new RegExp(`^${form}$`, "su");
  } catch {
    return undefined;
  }
}

const tokens = /^(?:\*\*\/|\*\*$|\*+|\?|\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|[^*?\\[])/su;
const anyFolders = "(?:.*/)?";

function meaning(token: string, isAtStart: boolean, isLast: boolean): string {
  if (token === "**/") return isAtStart ? anyFolders : "[^/]*/";
  if (token === "**" && isAtStart && isLast) return ".+";
  if (token.startsWith("*")) return "[^/]*";
  if (token === "?") return "[^/]";
  if (token.startsWith("[")) {
    const [, negation = "", members = ""] = /^\[([!^]?)(.*)\]$/su.exec(token) ?? [];
    const quoted = members.replace(/\\(.)|[[\]^&|~]/gsu, (found, one?: string) => `\\${one ?? found}`);
    return negation === "" ? `(?!/)[${quoted}]` : `(?!/)[^${quoted}]`;
  }
  return (token.startsWith("\\") ? token.slice(1) : token).replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}
