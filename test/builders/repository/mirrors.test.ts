// The order of mirrors: whom to ask for an archive's files.
// Knows the grammar and apt's formats; does not know any real mirror.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aptSources, mirrorsFor } from "../../../builders/repository/mirrors.ts";
import type { Fault } from "../../../store/model/fault.ts";

const main = "https://ftp.example.org/debian";
const security = "https://mirrors.example.org/debian-security/";

describe("the order", () => {
  const sources = {
    environment: "http://one.example.org/debian, http://one.example.org/debian-security/\n",
    configured: ["http://two.example.org/debian/"],
    host: [{ path: "/etc/apt/sources.list", text: "deb http://three.example.org/debian trixie main\n" }],
  };

  test("environment, configuration, host, the archive's own", () => {
    expect(mirrorsFor(main, sources)).toEqual([
      "http://one.example.org/debian",
      "http://two.example.org/debian",
      "http://three.example.org/debian",
      "https://ftp.example.org/debian",
    ]);
    expect(mirrorsFor(security, sources)).toEqual([
      "http://one.example.org/debian-security",
      "https://mirrors.example.org/debian-security",
    ]);
  });

  test("nothing configured: the archive's own, without its slash", () => {
    expect(mirrorsFor(security, {})).toEqual(["https://mirrors.example.org/debian-security"]);
  });

  test("each once, at its first place", () => {
    const twice = {
      environment: `http://a.example.org/debian ${main}/`,
      configured: ["http://a.example.org/debian", main],
    };
    expect(mirrorsFor(main, twice)).toEqual(["http://a.example.org/debian", main]);
  });

  test("no place twice, none with a trailing slash, the own one always among them", () => {
    const uri = fc.constantFrom(
      main,
      `${main}/`,
      security,
      "http://a.example.org/x/debian//",
      "http://b.example.org/",
      "https://b.example.org",
    );
    fc.assert(
      fc.property(uri, fc.array(uri), fc.array(uri), (own, environment, configured) => {
        const places = mirrorsFor(own, { environment: environment.join(" "), configured });
        expect(new Set(places).size).toBe(places.length);
        expect(places.filter((place) => place.endsWith("/"))).toEqual([]);
        expect(places).toContain(own.replace(/\/+$/, ""));
      }),
    );
  });
});

describe("KIT_MIRRORS", () => {
  const from = (environment: string, uri = main) => mirrorsFor(uri, { environment }).slice(0, -1);

  test("a URI serves the archives of the same last segment only", () => {
    expect(from("http://m.example.org/deep/down/debian")).toEqual(["http://m.example.org/deep/down/debian"]);
    expect(from("http://m.example.org/debian-ports")).toEqual([]);
    expect(from("http://m.example.org/debian/more")).toEqual([]);
    expect(from("http://m.example.org/")).toEqual([]);
  });

  test("an archive at a host's root is served by no URI", () => {
    expect(from("http://m.example.org", "https://deb.example.org/")).toEqual([]);
  });

  test("PREFIX=URI replaces a beginning, at a slash", () => {
    expect(from("https://ftp.example.org=http://cache.example.org/ftp")).toEqual([
      "http://cache.example.org/ftp/debian",
    ]);
    expect(from("https://ftp.example.org/debian/=http://cache.example.org/d/")).toEqual([
      "http://cache.example.org/d",
    ]);
    expect(from("https://ftp.example.org/deb=http://cache.example.org/d")).toEqual([]);
    expect(from("https://ftp.example.or=http://cache.example.org")).toEqual([]);
  });

  test.each([
    "ftp://m.example.org/debian",
    "m.example.org/debian",
    "/srv/debian",
    "file:///srv/debian",
    "x=http://m.example.org",
    "http://",
  ])("%s is refused", (item) => {
    expect(() => mirrorsFor(main, { environment: item })).toThrow(
      expect.objectContaining<Partial<Fault>>({
        code: "usage/bad-mirror",
        message: expect.stringContaining("KIT_MIRRORS"),
      }),
    );
    expect(() => mirrorsFor(main, { configured: [item] })).toThrow(
      expect.objectContaining<Partial<Fault>>({
        code: "usage/bad-mirror",
        message: expect.stringContaining("configuration"),
      }),
    );
  });
});

describe("the host's apt sources", () => {
  const uris = (path: string, text: string) => aptSources({ path, text }).map(({ uri }) => uri);

  test("one a line", () => {
    const text = `# deb http://commented.example.org/debian trixie main
deb http://plain.example.org/debian trixie main contrib # deb http://no.example.org/debian
  deb  [ arch=amd64 signed-by=/usr/share/keyrings/a.gpg ]  https://options.example.org/debian/ trixie-updates main
deb [trusted=yes]http://tight.example.org/debian trixie main
deb-src http://source.example.org/debian trixie main
deb cdrom:[Debian GNU/Linux 13 _Trixie_]/ trixie main
deb file:/srv/debian trixie main
deb mirror+file:/etc/apt/mirrors.txt trixie main
deb http://flat.example.org/packages ./
deb http://arch.example.org/$(ARCH)/debian trixie main
nonsense
`;
    expect(aptSources({ path: "/etc/apt/sources.list", text })).toEqual([
      { uri: "http://plain.example.org/debian", components: ["main", "contrib"] },
      { uri: "https://options.example.org/debian", components: ["main"] },
      { uri: "http://tight.example.org/debian", components: ["main"] },
      { uri: "http://flat.example.org/packages", components: [] },
    ]);
  });

  test("deb822", () => {
    const text = `# a comment
Types: deb deb-src
# another, inside
URIs: http://one.example.org/debian
 http://two.example.org/debian/
Suites: trixie trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://disabled.example.org/debian
Suites: trixie
Components: main

types: deb
uris: mirror+file:/etc/apt/mirrors.txt https://three.example.org/debian-security
suites: trixie-security
components: main
enabled: yes

Types: deb-src
URIs: http://source.example.org/debian
Suites: trixie
Components: main
`;
    expect(uris("/etc/apt/sources.list.d/debian.sources", text)).toEqual([
      "http://one.example.org/debian",
      "http://two.example.org/debian",
      "https://three.example.org/debian-security",
    ]);
    expect(uris("/etc/apt/sources.list.d/debian.sources", text.replaceAll("\n", "\r\n")).length).toBe(3);
  });

  test("files of other endings are not apt's", () => {
    expect(
      uris("/etc/apt/sources.list.d/old.list.save", "deb http://a.example.org/debian trixie main"),
    ).toEqual([]);
  });

  test("count for every suite of the same archive, and not for a vendor's of the same name", () => {
    const host = [
      {
        path: "/etc/apt/sources.list",
        text: "deb https://vendor.example.org/linux/debian bookworm stable\ndeb http://near.example.org/debian bookworm main\n",
      },
    ];
    expect(mirrorsFor(main, { host }, ["main"])).toEqual(["http://near.example.org/debian", main]);
    expect(mirrorsFor(main, { host })).toEqual([
      "https://vendor.example.org/linux/debian",
      "http://near.example.org/debian",
      main,
    ]);
  });
});
