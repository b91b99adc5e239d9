// Templates: local files whose `${…}` are replaced on their way into a root or a package.
// Pure. Knows variables by name; does not know where a template comes from.

import { isUtf8 } from "node:buffer";
import { expandText } from "../../evaluator/manifest/variables.ts";
import { Fault, type Place } from "../../store/model/fault.ts";

export type TemplateVariables = Readonly<Record<string, string>>;

/**
 * @param file the template, as its manifest writes it
 * @throws {Fault} `manifest/unknown-variable`, `manifest/not-text`, with the place in the template
 */
export function filledTemplate(bytes: Buffer, file: string, variables: TemplateVariables): Buffer {
  const text = bytes.toString("utf8");
  if (!isUtf8(bytes)) {
    if (!bytes.includes("${")) return bytes;
    throw new Fault("manifest/not-text", "the template is no UTF-8", {
      place: { file, ...placeIn(text, Math.max(0, text.indexOf("\u{fffd}")), 1) },
      hint: "write it in UTF-8, or take it without `template`",
    });
  }
  const filled = expandText(text, (name, written, { at }) => {
    if (Object.hasOwn(variables, name)) return variables[name];
    throw new Fault("manifest/unknown-variable", `the template uses ${written}, which has no value`, {
      place: { file, ...placeIn(text, at, written.length) },
      hint: `known: ${Object.keys(variables).sort().join(", ")}; a literal \${ is written $\${`,
    });
  });
  return Buffer.from(filled);
}

function placeIn(text: string, at: number, length: number): Omit<Place, "file"> {
  const before = text.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  const [excerpt = ""] = text.slice(start).split("\n", 1);
  return {
    line: before.split("\n").length,
    column: at - start + 1,
    ...(excerpt.length <= longestExcerpt && { excerpt, length }),
  };
}

/** Characters: what is longer is no text for people. */
const longestExcerpt = 400;
