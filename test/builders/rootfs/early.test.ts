// Which packages are configured before others, and in which order.
// Knows names alone; that ids come out as apt's is seen in fidelity/.

import { expect, test } from "vitest";
import { configuredBefore, configuredEarly } from "../../../builders/rootfs/early.ts";
import { rig } from "./rig.ts";

const { package: pack } = rig();
const item = (name: string, fields: Readonly<Record<string, string>> = {}) => pack(name, {}, fields);
const names = (packages: readonly { name: string }[]) => packages.map(({ name }) => name);

test("what is named in Pre-Depends comes early, after what it depends on", () => {
  const packages = [
    item("cron", { "Pre-Depends": "cron-common", Depends: "sensible", Priority: "important" }),
    item("cron-common", { Depends: "sysusers | other, adduser" }),
    item("adduser", { Depends: "passwd" }),
    item("passwd"),
    item("sensible"),
    item("systemd", { Provides: "sysusers", "Pre-Depends": "libshared" }),
    item("libshared"),
  ];
  expect(names(configuredEarly(packages))).toEqual([
    "libshared",
    "systemd",
    "passwd",
    "adduser",
    "cron-common",
  ]);
});

test("protected packages are first, then higher priorities, then names", () => {
  const packages = ["b", "a", "required", "important", "protected"].flatMap((name) => [
    item(name, {
      "Pre-Depends": `for-${name}`,
      Priority: name.length > 1 ? name : "optional",
      ...(name === "protected" && { Priority: "optional", Protected: "yes" }),
    }),
    item(`for-${name}`),
  ]);
  expect(names(configuredEarly(packages))).toEqual([
    "for-protected",
    "for-important",
    "for-required",
    "for-a",
    "for-b",
  ]);
});

test("essential packages wait for nobody", () => {
  expect(
    configuredEarly([item("dpkg", { Essential: "yes", "Pre-Depends": "libc6" }), item("libc6")]),
  ).toEqual([]);
});

test("versions and packages that are not there are left alone", () => {
  const packages = [
    item("a", { "Pre-Depends": "b (>= 2) | c, gone, d (= 1)" }),
    item("b"),
    item("c"),
    item("x", { Provides: "d" }),
  ];
  expect(names(configuredEarly(packages))).toEqual(["c"]);
});

test("of several architectures one's own counts", () => {
  const pair = (name: string, fields: Readonly<Record<string, string>>) =>
    ["i386", "amd64"].map((Architecture) => item(name, { ...fields, Architecture }));
  const early = configuredEarly([...pair("a", { "Pre-Depends": "b" }).slice(1), ...pair("b", {})]);
  expect(early.map(({ name, architecture }) => `${name}:${architecture}`)).toEqual(["b:amd64"]);
});

test("circles end", () => {
  const packages = [
    item("a", { "Pre-Depends": "b" }),
    item("b", { Depends: "c" }),
    item("c", { Depends: "b, a" }),
  ];
  expect(names(configuredEarly(packages)).sort()).toEqual(["a", "b", "c"]);
  expect(names(configuredBefore(packages[0] ?? item("a"), packages)).sort()).toEqual(["b", "c"]);
});
