// Files that manifests of packages and images put into a root.
// Knows how an entry is written; does not know what is done with it.

import * as z from "zod";
import { localPath, mode, owner, targetPath } from "../../evaluator/manifest/value.ts";

/** The keys of every such entry. */
export const fileShape = {
  path: targetPath.describe("Where it goes in the root."),
  content: z.string().optional().describe("The file's text."),
  from: localPath.optional().describe("A file or folder beside the manifest to take."),
  template: z.boolean().default(false).describe("Whether ${…} in the local file is replaced."),
  mode: mode
    .optional()
    .describe(
      "Octal, in quotes; who may read a folder's files may enter it. Without: 0755 where the local file is executable, else 0644; folders are 0755.",
    ),
  owner: owner.optional().describe('Numeric user and group: "0:0", which it is by default.'),
};

interface FileSource {
  readonly content?: string | undefined;
  readonly from?: string | undefined;
}

/** Refuses an entry with both or none of `content` and `from`; what else is wrong with it is told beside it. */
export const hasOneSource = z.superRefine<FileSource>(
  (file, context) => {
    if (file.content !== undefined && file.from !== undefined) {
      context.addIssue({ code: "custom", message: "has both `content` and `from`\ngive one of the two" });
    } else if (file.content === undefined && file.from === undefined) {
      context.addIssue({ code: "custom", message: "has neither `content` nor `from`\ngive one of the two" });
    }
  },
  { when: ({ value }) => typeof value === "object" && value !== null },
);

/** Files taken from executable local ones are executable, where the manifest gives no mode. */
export function withLocalModes<F extends FileSource & { readonly mode?: string | undefined }>(
  files: readonly F[],
  isExecutable: (written: string) => boolean,
): F[] {
  return files.map((file) =>
    file.mode === undefined && file.from !== undefined && isExecutable(file.from)
      ? { ...file, mode: "0755" }
      : file,
  );
}
