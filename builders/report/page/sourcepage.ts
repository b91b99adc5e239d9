// The page of a source: its packages, levels, build requirements, and why it cannot be built.
// Knows what is shown where; does not know how the data is found.

import { countText } from "../amount.ts";
import type { NamesData, RequirementsData, SourcesData } from "../form.ts";
import { fromRising } from "../rising.ts";
import { follow, headed, notThere } from "./detail.ts";
import { foldedList } from "./folded.ts";
import { load } from "./load.ts";
import { type Child, make } from "./make.ts";
import { type SourceItem, sourceItems } from "./sources.ts";
import { failureParts, levelMark, localMark, packageLink, sideBySide, whereTags } from "./tag.ts";

interface World {
  readonly names: NamesData;
  readonly items: ReadonlyMap<string, SourceItem>;
  readonly data: SourcesData;
  readonly requirements: RequirementsData;
}

export async function openSource(section: HTMLElement): Promise<void> {
  const [names, data, requirements] = await Promise.all([
    load("names"),
    load("sources"),
    load("requirements"),
  ]);
  const items = new Map(sourceItems(names, data).map((item) => [item.name, item]));
  const world = { names, items, data, requirements };
  await follow(section, ([name = ""]) => show(name, world));
}

function show(name: string, world: World): Child {
  const { names, items, data } = world;
  const item = items.get(name);
  if (item === undefined) return notThere("source", name, "sources.html");
  const packages = fromRising(data.packages[item.place] ?? []);
  return [
    make(
      "h1",
      {},
      name,
      item.archful && [" ", make("span", { class: "mark" }, "archful")],
      item.local && [" ", localMark()],
    ),
    sideBySide(`${name} by architecture`, names.architectures, [
      { label: "Version", cells: item.versions },
      { label: "Level", cells: item.on.map((level) => level >= 0 && levelMark(level)) },
    ]),
    failures(item, world),
    headed("Packages", countText(packages.length)),
    foldedList({
      count: packages.length,
      item: (i) => packageLink(names.packages[packages[i] ?? -1] ?? ""),
      none: "None of its packages is in the view.",
    }),
    !item.local && requirementsPart(item, world),
  ];
}

function failures({ place }: SourceItem, { names, requirements }: World): Child {
  const mine = requirements.failures.filter(({ source }) => source === place);
  return failureParts("Cannot be built", mine, names.architectures);
}

/** All in the order that the source has them in, those of one architecture alone with its name. */
function requirementsPart({ place, on }: SourceItem, { names, requirements }: World): Child {
  const { lists, texts } = requirements;
  const mine = on.map((_, architecture) => lists[requirements.on[architecture]?.[place] ?? -1]);
  if (mine.every((list) => list === undefined)) return false;
  const all = [...new Set(mine.flatMap((list) => list ?? []))];
  const asked = mine.flatMap((list, architecture) => (list === undefined ? [] : [architecture]));
  const item = (i: number): Child => {
    const text = all[i] ?? -1;
    const its = asked.filter((architecture) => mine[architecture]?.includes(text));
    return [
      make("code", {}, texts[text] ?? ""),
      its.length < asked.length && [
        " ",
        whereTags(names.architectures, (architecture) => its.includes(architecture)),
      ],
    ];
  };
  return [
    headed("Needed to build it", countText(all.length)),
    foldedList({ count: all.length, item, none: "Nothing beyond the buildroot's base." }),
  ];
}
