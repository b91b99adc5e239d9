// What is read of a debianised tree before it is built: only what decides its root, its version and its date.

import { describe, expect, test } from "vitest";
import { aboutText, readAbout, writtenNeeds } from "../../../builders/deb-source/about.ts";
import { Fault } from "../../../store/model/fault.ts";

const control = `# Comments are for people.
Source: hello
Maintainer: A <a@example.org>
Build-Depends: debhelper-compat (= 13),
# between two lines, too
 help2man <!nodoc>,
 libfoo-dev [linux-any] | libbar-dev
Rules-Requires-Root: no

Package: hello
Architecture: any
Provides: greeter (= 2.10), mail-greeter
Description: greets
`;
const changelog = `hello (1:2.10-3) unstable; urgency=medium

  * The newest.

 -- A Person <a@example.org>  Mon, 26 Dec 2022 16:30:00 +0100

hello (2.9-1) unstable; urgency=low

  * Older.

 -- A Person <a@example.org>  Sun, 01 Jan 2012 00:00:00 +0000
`;

describe("what a tree says of itself", () => {
  test("name, version and date of the newest entry, and what building takes", () => {
    expect(readAbout(aboutText(control, changelog))).toEqual({
      source: "hello",
      version: "1:2.10-3",
      date: Date.UTC(2022, 11, 26, 15, 30) / 1000,
      stanza: {
        Source: "hello",
        Version: "1:2.10-3",
        Date: String(Date.UTC(2022, 11, 26, 15, 30) / 1000),
        "Build-Depends": "debhelper-compat (= 13), help2man <!nodoc>, libfoo-dev [linux-any] | libbar-dev",
        "Build-Depends-Lines": "4 6 7",
        "Rules-Requires-Root": "no",
        Architectures: "any",
        Declares: "greeter hello mail-greeter",
      },
      architectures: ["any"],
      declares: ["greeter", "hello", "mail-greeter"],
      isWhole: true,
    });
  });

  test.each([
    ["no field", control.replace("Rules-Requires-Root: no", "garbage"), "garbage"],
    ["no relation", control.replace("help2man <!nodoc>", "((("), "Build-Depends"],
  ])("%s is told by the file it is in", (_, text, named) => {
    expect(() => aboutText(text, changelog)).toThrow(
      expect.objectContaining({
        code: "manifest/bad-control",
        message: expect.stringMatching(new RegExp(`^debian/control.*${named}`, "s")),
      }),
    );
  });

  test("what is provided as a build finds out is not known before", () => {
    const open = control.replace("greeter (= 2.10)", "${hello:Provides}");
    expect(readAbout(aboutText(open, changelog))).toMatchObject({
      declares: ["hello", "mail-greeter"],
      isWhole: false,
    });
  });

  test.each([
    ["a comment", (text: string) => text.replace("for people", "for nobody"), (text: string) => text],
    ["a description", (text: string) => text.replace("greets", "says hello"), (text: string) => text],
    ["an older entry", (text: string) => text, (text: string) => text.replace("Older", "Very old")],
  ])("%s changes nothing in it", (_, ofControl, ofChangelog) => {
    const [changed, entries] = [ofControl(control), ofChangelog(changelog)];
    expect(changed + entries).not.toBe(control + changelog);
    expect(aboutText(changed, entries)).toBe(aboutText(control, changelog));
  });

  test("how a field is folded changes nothing but in which lines it is", () => {
    const folded = aboutText(control.replace(",\n libfoo", ", libfoo"), changelog);
    expect(folded).toContain("Build-Depends-Lines: 4 6 6\n");
    expect(folded.replace("4 6 6", "4 6 7")).toBe(aboutText(control, changelog));
  });

  test("where each need is written, as a build on this architecture has it", () => {
    const text = control
      .replace("Rules-Requires-Root: no", "Build-Depends-Indep:\n\tdoxygen ,\n\tgraphviz (>= 2), \n")
      .replace("help2man <!nodoc>", "help2man <!nodoc>, nodejs [arm64], perl");
    const about = readAbout(aboutText(text, changelog));
    const written = writtenNeeds(about, { architecture: "amd64", profiles: ["nodoc"] });
    expect(written.map(([need, { file, line }]) => `${need} ${file}:${line}`)).toEqual([
      "debhelper-compat (= 13) debian/control:4",
      "perl debian/control:6",
      "libfoo-dev | libbar-dev debian/control:7",
      "doxygen debian/control:9",
      "graphviz (>= 2) debian/control:10",
    ]);
  });

  test.each([
    ["", changelog, "manifest/bad-control"],
    ["Package: hello\n", changelog, "manifest/bad-control"],
    [control, "", "manifest/bad-changelog"],
    [control, "hello (2.10-3) unstable; urgency=medium\n", "manifest/bad-changelog"],
    [control, changelog.replace("26 Dec 2022", "some day"), "manifest/bad-changelog"],
    [control, changelog.replace("hello", "other"), "manifest/bad-changelog"],
  ])("refuses what is no control file or no changelog: %j, %j", (given, entries, code) => {
    let thrown: unknown;
    try {
      aboutText(given, entries);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Fault);
    expect((thrown as Fault).code).toBe(code);
  });
});
