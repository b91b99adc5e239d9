// dpkg's queue, against the order in which a real dpkg configured packages.

import fc from "fast-check";
import { expect, test } from "vitest";
import { queueOrder } from "../../../builders/rootfs/queue.ts";
import { rig } from "./rig.ts";

const { package: pack } = rig();
const packages = (depends: Readonly<Record<string, string>>) =>
  Object.entries(depends).map(([name, on]) => pack(name, {}, on === "" ? {} : { Depends: on }));
const names = (ordered: readonly { readonly name: string }[]) => ordered.map(({ name }) => name);

test("is the one mmdebstrap's log of bookworm with mg and zile shows", () => {
  const depends = {
    adduser: "passwd",
    apt: "adduser, debian-archive-keyring, gpgv, libapt-pkg6.0, libgnutls30, libseccomp2, libstdc++6",
    "debian-archive-keyring": "",
    e2fsprogs: "logsave",
    gpgv: "",
    "libapt-pkg6.0": "libstdc++6, libxxhash0",
    libbsd0: "",
    libffi8: "",
    "libgee-0.8-2": "libglib2.0-0",
    "libglib2.0-0": "libffi8",
    libgnutls30: "libhogweed6, libidn2-0, libnettle8, libp11-kit0, libtasn1-6, libunistring2",
    libhogweed6: "libnettle8",
    "libidn2-0": "libunistring2",
    libncursesw6: "",
    libnettle8: "",
    "libp11-kit0": "libffi8",
    libseccomp2: "",
    "libsemanage-common": "",
    libsemanage2: "libsemanage-common, libsepol2",
    libsepol2: "",
    "libstdc++6": "",
    "libtasn1-6": "",
    libunistring2: "",
    libxxhash0: "",
    logsave: "",
    mg: "libbsd0",
    mount: "",
    passwd: "libsemanage2",
    tzdata: "",
    zile: "libgee-0.8-2, libglib2.0-0, libncursesw6",
  };
  const found = names(queueOrder(packages(depends), []));
  expect(found).toEqual(
    "debian-archive-keyring libunistring2 libidn2-0 libsemanage-common libseccomp2 tzdata libnettle8 libsepol2 libncursesw6 logsave libffi8 mount gpgv libxxhash0 libtasn1-6 libsemanage2 libbsd0 libstdc++6 libhogweed6 libglib2.0-0 e2fsprogs mg libapt-pkg6.0 libp11-kit0 libgee-0.8-2 passwd adduser zile libgnutls30 apt".split(
      " ",
    ),
  );
});

test("a circle is broken, what is configured before is waited for by nobody", () => {
  const [a, b, c] = packages({ a: "b", b: "a", c: "base (>= 1)" });
  const base = pack("base");
  expect(names(queueOrder([a, b, c] as never, [base]))[0]).toBe("c");
  expect(names(queueOrder([a, b, c] as never, [base])).sort()).toEqual(["a", "b", "c"]);
});

test("everything is there once, after what it depends on", () => {
  const some = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9+.-]{1,12}$/), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(some, fc.infiniteStream(fc.nat()), (all, numbers) => {
      const depends = Object.fromEntries(
        all.map((name, i) => [name, i === 0 ? "" : (all[(numbers.next().value as number) % i] ?? "")]),
      );
      const found = names(queueOrder(packages(depends), []));
      expect([...found].sort()).toEqual([...all].sort());
      for (const [name, on] of Object.entries(depends))
        if (on !== "") expect(found.indexOf(on)).toBeLessThan(found.indexOf(name));
    }),
  );
});
