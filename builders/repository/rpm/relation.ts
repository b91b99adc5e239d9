// Relations as rpm writes them: `bash >= 5.0-1`, made from the entries of rpm metadata.
// Knows flags and versions; does not know what a relation means, nor the inside of a rich one.

import { broken, isLine, isWord, quote } from "./field.ts";
import type { XmlElement } from "./xml.ts";

/**
 * One `<rpm:entry name flags epoch ver rel>`. An epoch of 0 is left out, as by `rpm -q`; a release may be missing.
 *
 * @throws {Fault} `digest/broken-package` on an entry that could be read as another one
 */
export function relationOf({ attributes }: Pick<XmlElement, "attributes">): string {
  const { name = "", flags } = attributes;
  const rich = name.startsWith("(");
  if (rich ? !isLine(name) : !isWord(name)) throw broken(`a relation ${quote(name)} is none`);
  if (flags === undefined) return name;
  const operator = operators.get(flags);
  if (operator === undefined || rich) throw broken(`the relation ${quote(name)} compares by ${quote(flags)}`);
  return `${name} ${operator} ${versionIn(attributes)}`;
}

const operators: ReadonlyMap<string, string> = new Map([
  ["EQ", "="],
  ["LT", "<"],
  ["GT", ">"],
  ["LE", "<="],
  ["GE", ">="],
]);

function versionIn({ name, epoch = "0", ver = "", rel = "" }: XmlElement["attributes"]): string {
  const whole = `${/^0*$/.test(epoch) ? "" : `${epoch}:`}${ver}${rel === "" ? "" : `-${rel}`}`;
  if (!/^\d*$/.test(epoch) || ver === "" || !isWord(whole))
    throw broken(`the relation ${quote(name)} is to the version ${quote(whole)}`);
  return whole;
}
