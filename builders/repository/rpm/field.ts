// Fields of a package as rpm metadata has them, each checked so that it fits on a line of a stanza.
// Knows what a name, a version, a place and a checksum may be; does not know which of them a package needs.

import { Fault } from "../../../store/model/fault.ts";
import type { XmlElement } from "./xml.ts";

/** What a package is called: `epoch` is digits, "0" where none was given. */
export interface Identity {
  readonly name: string;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
  readonly architecture: string;
}

/** What speaks against one package; its message completes "skipped hello: …". */
export function broken(why: string): Fault {
  return new Fault("digest/broken-package", why);
}

/**
 * @param version the element `<version epoch ver rel>`
 * @throws {Fault} `digest/broken-package`
 */
export function identityOf(
  name: string,
  architecture: string,
  version: Pick<XmlElement, "attributes"> | undefined,
): Identity {
  const { epoch = "0", ver = "", rel = "" } = version?.attributes ?? {};
  if (!packageName.test(name)) throw broken(`its name ${quote(name)} is none`);
  if (!architectureName.test(architecture)) throw broken(`its architecture ${quote(architecture)} is none`);
  if (!/^\d{1,10}$/.test(epoch)) throw broken(`its epoch ${quote(epoch)} is no number`);
  if (!versionPart.test(ver)) throw broken(`its version ${quote(ver)} is none`);
  if (!versionPart.test(rel)) throw broken(`its release ${quote(rel)} is none`);
  return { name, epoch: epoch.replace(/^0+(?=\d)/, ""), version: ver, release: rel, architecture };
}

/** `[E:]V-R`, without an epoch where it is 0. */
export function versionOf({ epoch, version, release }: Identity): string {
  return epoch === "0" ? `${version}-${release}` : `${epoch}:${version}-${release}`;
}

/** `NAME-EPOCH:VERSION-RELEASE.ARCH`, as modules name their packages. */
export function nevraOf({ name, epoch, version, release, architecture }: Identity): string {
  return `${name}-${epoch}:${version}-${release}.${architecture}`;
}

/** Text for people on one line, without what a terminal would obey; at most 4,096 characters. */
export function oneLine(text: string): string {
  return (untidy.test(text) ? text.replace(lineBreaks, " ").trim() : text).slice(0, 4096);
}

/** Whether a text holds neither white space nor control characters. */
export function isWord(text: string): boolean {
  return text !== "" && !spaceOrControl.test(text);
}

/** Whether a text can be a line of its own: nothing in it ends one, and nothing is obeyed by a terminal. */
export function isLine(text: string): boolean {
  return text !== "" && !control.test(text);
}

/**
 * Bytes, or seconds since 1970.
 *
 * @throws {Fault} `digest/broken-package`
 */
export function numberOf(what: string, text: string | undefined): string {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw broken(`its ${what} ${quote(text)} is no number`);
  return text;
}

/**
 * The digest that names a package, under the stanza's field for its kind.
 *
 * @throws {Fault} `digest/broken-package`
 */
export function checksumOf(type: string | undefined, value: string): readonly [field: string, value: string] {
  const digits = digestDigits.get(type ?? "");
  if (digits === undefined) throw broken(`its checksum is of the kind ${quote(type)}, which proves nothing`);
  if (value.length !== digits || !/^[0-9a-f]+$/.test(value)) throw broken("its checksum is malformed");
  return [(type ?? "").toUpperCase(), value];
}

/** Hex digits of the checksums that are worth something, by the names createrepo gives them. */
export const digestDigits: ReadonlyMap<string, number> = new Map([
  ["sha224", 56],
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

/** Whether a path stays below the folder it is relative to, also for a server that decodes or normalizes it. */
export function staysBelow(path: string): boolean {
  const decoded = path.replace(/%2e/gi, ".").replace(/%(2f|5c)/gi, "/");
  if (!isWord(path) || /[\\?#]/.test(path) || /^[a-z][a-z0-9+.-]*:/i.test(path)) return false;
  return decoded.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** At most 80 characters of it, for a message. */
export function quote(text: string | undefined): string {
  return JSON.stringify((text ?? "").slice(0, 80));
}

// rpm's build/parsePreamble.c: ALLOWED_CHARS_NAME and ALLOWED_CHARS_VERREL; what came before those is read too.
const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+~^-]*$/;
const architectureName = /^[A-Za-z0-9_]{1,40}$/;
const versionPart = /^[^\s:/\p{Cc}-]+$/u;
const untidy = /[\x00-\x1f\x7f-\x9f\u2028\u2029]|^\s|\s$/;
const lineBreaks = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g;
const spaceOrControl = /[\s\x00-\x1f\x7f-\x9f]/;
const control = /[\x00-\x1f\x7f-\x9f]/;
