// The locale: where LANG is set, and what has to be generated for it.
// Knows Debian's files and glibc's names (locale.gen(5)); does not run locale-gen.

import { Fault } from "../../store/model/fault.ts";
import type { Lookup, Setting } from "./draft.ts";

export interface LocalePlan {
  readonly settings: readonly Setting[];
  /** Whether locale-gen has to run. */
  readonly generate: boolean;
}

/** @throws {Fault} `manifest/no-locale` where the root cannot have it */
export function planLocale(locale: string, root: Lookup): LocalePlan {
  const language = languageFiles(locale, root);
  if (isCompiled(locale, root)) return { settings: language, generate: false };
  const supported =
    root.find("usr/sbin/locale-gen") === undefined ? undefined : root.text("usr/share/i18n/SUPPORTED");
  if (supported === undefined) {
    throw new Fault(
      "manifest/no-locale",
      `the root cannot have the locale ${locale}: it has no package \`locales\``,
      {
        hint: "add locales to `packages`, or use C.UTF-8, which every root has",
      },
    );
  }
  const line = supportedLine(locale, supported);
  const before = root.text("etc/locale.gen") ?? "";
  const after = withLine(line, before);
  if (after === before && root.find("usr/lib/locale/locale-archive") !== undefined)
    return { settings: language, generate: false };
  return { settings: [...language, { path: "etc/locale.gen", content: after }], generate: true };
}

/** Debian 12 has /etc/default/locale; from 13 on that is a link to /etc/locale.conf, which systemd reads. */
function languageFiles(locale: string, root: Lookup): Setting[] {
  const content = `LANG=${locale}\n`;
  if (root.find("etc/locale.conf") === undefined && root.find("etc/default/locale")?.type === "file")
    return [{ path: "etc/default/locale", content }];
  return [
    { path: "etc/locale.conf", content },
    { path: "etc/default/locale", target: "../locale.conf" },
  ];
}

/** Built into glibc, or there as a folder of its own, as libc-bin and locales-all bring them. */
function isCompiled(locale: string, root: Lookup): boolean {
  if (/^(?:C|POSIX|C\.UTF-?8)$/i.test(locale)) return true;
  const { language, codeset, modifier } = partsOf(locale);
  const name = `${language}${codeset === "" ? "" : `.${codeset}`}${modifier}`;
  return [locale, name].some((folder) => root.find(`usr/lib/locale/${folder}`)?.type === "directory");
}

/** The line of SUPPORTED that makes a locale: by its name, or `sr_RS@latin UTF-8` for `sr_RS.UTF-8@latin`. */
function supportedLine(locale: string, supported: string): string {
  const lines = supported.split("\n").filter((line) => /^\S+ \S+$/.test(line));
  const wanted = partsOf(locale);
  const named = lines.find((line) => line.split(" ")[0] === locale);
  const found =
    named ??
    lines.find((line) => {
      const [name = "", charset = ""] = line.split(" ");
      const { language, modifier } = partsOf(name);
      return (
        language === wanted.language && modifier === wanted.modifier && normalized(charset) === wanted.codeset
      );
    });
  if (found !== undefined) return found;
  const kin = lines
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => partsOf(name).language.slice(0, 3) === wanted.language.slice(0, 3));
  throw new Fault("manifest/no-locale", `glibc has no locale ${locale}`, {
    hint:
      kin.length > 0
        ? `there is ${kin.join(", ")}`
        : "the root's /usr/share/i18n/SUPPORTED lists what there is",
  });
}

function partsOf(locale: string): { language: string; codeset: string; modifier: string } {
  const [, language = "", codeset = "", modifier = ""] = /^([^.@]*)(?:\.([^@]*))?(@.*)?$/.exec(locale) ?? [];
  return { language, codeset: normalized(codeset), modifier };
}

/** A codeset as glibc names folders by it: `UTF-8` is `utf8`, `ISO-8859-1` is `iso88591`. */
function normalized(codeset: string): string {
  const plain = codeset.toLowerCase().replace(/[^a-z0-9]/g, "");
  return /^\d+$/.test(plain) ? `iso${plain}` : plain;
}

/** locale.gen(5) with the line in force: its comment sign taken away, or the line added. */
function withLine(line: string, text: string): string {
  const lines = text.split("\n");
  const bare = (written: string) => written.replace(/^#\s*/, "").trim();
  if (lines.some((written) => written.trim() === line)) return text;
  const at = lines.findIndex((written) => bare(written) === line);
  if (at >= 0) return lines.with(at, line).join("\n");
  return `${text === "" || text.endsWith("\n") ? text : `${text}\n`}${line}\n`;
}
