import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRpmHeader } from "../../../builders/archive/rpmheader.ts";
import { refuseDamagedPayload } from "../../../builders/archive/rpmpayload.ts";
import { packageFileStanza, pathsIn, sourceFacts } from "../../../builders/repository/rpm/packagefile.ts";
import { Fault } from "../../../store/model/fault.ts";

let folder: string;
let rpm: Buffer;
let srpm: Buffer;

const spec = `Name: thing
Epoch: 3
Version: 1.2
Release: 4
Summary: A thing
License: MIT
BuildArch: noarch
ExclusiveArch: x86_64 noarch
BuildRequires: (gcc if make), sed >= 4
Requires: bash, (a or b)
Requires(pre): coreutils
Provides: virtual(thing) = 3:1
Conflicts: other < 2
Obsoletes: old <= 1
Recommends: nice
Supplements: (x and y)
%description
It is.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/thing
touch %{buildroot}/usr/bin/thing %{buildroot}/usr/share/thing/data
%files
/usr/bin/thing
/usr/share/thing
%changelog
* Mon Jun 01 2026 A Person <a@example.org> - 1.2-4
- First.
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-rpmheader-"));
  writeFileSync(join(folder, "thing.spec"), spec);
  const defines = ["_topdir", "_rpmdir", "_srcrpmdir"].flatMap((name) => ["--define", `${name} ${folder}`]);
  const named = ["--define", "_build_name_fmt %%{NAME}.rpm"];
  execFileSync("rpmbuild", ["-ba", "--quiet", "--nodeps", ...defines, ...named, "thing.spec"], {
    cwd: folder,
  });
  [rpm, srpm] = ["thing.rpm", "thing-1.2-4.src.rpm"].map((name) => readFileSync(join(folder, name))) as [
    Buffer,
    Buffer,
  ];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an .rpm's header", () => {
  test("says what rpm says", () => {
    const header = parseRpmHeader(rpm);
    const stanza = packageFileStanza(header);
    expect(stanza).toMatchObject({
      ...{ Package: "thing", Version: "3:1.2-4", Architecture: "noarch", License: "MIT", Summary: "A thing" },
      ...{ Conflicts: "\n other < 2", Obsoletes: "\n old <= 1", Recommends: "\n nice" },
      ...{ Supplements: "\n (x and y)", Files: "\n /usr/bin/thing" },
    });
    expect(stanza["Requires"]).toContain("\n (a or b)");
    expect(stanza["Requires"]).toContain("\n bash");
    expect(stanza["Requires-Pre"]).toBe("\n coreutils");
    expect(stanza["Provides"]).toContain("virtual(thing) = 3:1");
    expect(pathsIn(header)).toEqual(["/usr/bin/thing", "/usr/share/thing", "/usr/share/thing/data"]);
  });

  test("of a source package: what building takes, and where", () => {
    const header = parseRpmHeader(srpm);
    const stanza = packageFileStanza(header);
    expect(stanza["Architecture"]).toBe("src");
    expect(stanza["Requires"]).toContain("(gcc if make)");
    expect(stanza["Requires"]).toContain("sed >= 4");
    expect(sourceFacts(header)).toMatchObject({ exclusive: ["x86_64", "noarch"], excluded: [] });
    expect(sourceFacts(header).changed).toBe(Date.UTC(2026, 5, 1, 12) / 1000);
  });

  test("has a digest of what is packed, which tells wherever that is damaged or cut off", () => {
    for (const sound of [rpm, srpm]) refuseDamagedPayload(sound, parseRpmHeader(sound));
    const { end } = parseRpmHeader(rpm);
    const refused = (bytes: Buffer) => {
      expect(() => refuseDamagedPayload(bytes, parseRpmHeader(bytes))).toThrow(
        expect.objectContaining({ code: "digest/bad-rpm" }),
      );
    };
    fc.assert(
      fc.property(fc.integer({ min: end, max: rpm.length - 1 }), (at) => {
        const bytes = Buffer.from(rpm);
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        refused(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: end, max: rpm.length - 1 }), (at) => refused(rpm.subarray(0, at))),
    );
  });

  test("damaged or cut off anywhere it is read, or refused; never anything else", () => {
    const read = (bytes: Buffer) => {
      try {
        const header = parseRpmHeader(bytes);
        packageFileStanza(header);
        pathsIn(header);
        sourceFacts(header);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    };
    fc.assert(fc.property(fc.nat(rpm.length), (length) => read(rpm.subarray(0, length))));
    fc.assert(
      fc.property(fc.nat(4000), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(rpm);
        if (at < bytes.length) bytes[at] = byte;
        read(bytes);
      }),
      { numRuns: 2000 },
    );
    expect(() => parseRpmHeader(Buffer.from("no rpm at all"))).toThrow(
      expect.objectContaining({ code: "digest/bad-rpm" }),
    );
  });
});
