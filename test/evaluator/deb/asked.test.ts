// What is asked for, opened: groups become their packages, and what is not there is left out where it may be.

import { expect, test } from "vitest";
import { type Offer, openAsked } from "../../../evaluator/asked.ts";
import { debOffer } from "../../../evaluator/deb/offer.ts";
import type { Universe } from "../../../evaluator/deb/universe.ts";
import { pkg, universeOf } from "./archive.ts";

const packages = [
  pkg("a 1"),
  pkg("b 1", "Task: office"),
  pkg("c 2", "Task: desktop, office"),
  pkg("d 1", "Provides: virtual"),
];
const offerOf = (universe: Universe) => ({ ...debOffer(universe), isExcluded: universe.isExcluded });
const all = offerOf(universeOf(packages));

test("groups become their packages, each once", () => {
  expect(openAsked(all, { requests: ["c", "a"], groups: ["office"] })).toEqual({
    ok: true,
    requests: ["a", "c"],
    members: { office: ["b", "c"] },
    missing: [],
  });
});

test("a group has nothing that is excluded", () => {
  const universe = offerOf(universeOf(packages, { exclude: ["b"] }));
  expect(openAsked(universe, { requests: [], groups: ["office"] })).toMatchObject({
    members: { office: ["c"] },
    missing: [],
  });
});

test("of what is optional is left out what is not there, unless it is asked for anyway", () => {
  const optional = ["absent", "c (>= 3)", "virtual", "a"];
  expect(openAsked(all, { requests: [], optional })).toEqual({
    ok: true,
    requests: ["a", "virtual"],
    members: {},
    missing: ["absent", "c (>= 3)"],
  });
  expect(openAsked(all, { requests: ["absent"], optional: ["absent"] })).toMatchObject({
    requests: ["absent"],
    missing: [],
  });
});

test("a group that there is not is told, with one that may be meant", () => {
  expect(openAsked(all, { requests: [], groups: ["ofice", "zzz"] })).toEqual({
    ok: false,
    explanation: ["there is no group ofice", "there is no group zzz"],
    hint: "did you mean office?",
  });
});

test("where none may be meant, the groups there are are told", () => {
  const hint = (offer: Offer) => openAsked(offer, { requests: [], groups: ["zzz"] });
  expect(hint(all)).toMatchObject({ hint: "the groups there are: desktop and office" });
  expect(hint(offerOf(universeOf([])))).toMatchObject({ hint: "no list has any group: name packages" });
});

test("where no package names a task, tasksel's own package for it is the group", () => {
  const debian = offerOf(
    universeOf([pkg("a 1"), pkg("task-desktop 1"), pkg("task-office 1"), ...packages.slice(1, 2)]),
  );
  expect(debian.groups()).toEqual(["desktop", "office"]);
  expect(openAsked(debian, { requests: [], groups: ["desktop", "office"] })).toMatchObject({
    members: { desktop: ["task-desktop"], office: ["b"] },
  });
});
