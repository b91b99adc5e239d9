// What a build made that cannot be taken as it is, told as the build's own failure.
// Pure. Knows what reading a file or a folder finds; does not read any.

import { Fault } from "../../store/model/fault.ts";

/** What was found in a folder that a build filled: a name that no tree has, which is no fault of anything fetched. */
export function unfitFolder(error: unknown): unknown {
  if (!(error instanceof Fault) || error.code !== "digest/unsafe-path") return error;
  return new Fault("build/odd-files", error.message, {
    ...{ cause: error, details: error.details },
    hint: "file names are UTF-8 in what kit keeps, since they are the same everywhere then",
  });
}

/** What was found in a package that a build made, which its own tools do not write. */
export function unfitPackage(path: string, error: unknown): unknown {
  if (!(error instanceof Fault) || error.class !== "digest") return error;
  return new Fault("build/bad-package", `the build made ${path}, which is no package: ${error.message}`, {
    ...{ cause: error, details: error.details },
    hint: "everything that is left beside the source by the name of a package is taken for one",
  });
}
