// Where a user's store is: what wins, and what is ignored.

import { describe, expect, it } from "vitest";
import { configurationFiles, storeFolder } from "../../cli/places.ts";

const folder = (
  environment: Readonly<Record<string, string>>,
  { uid = 1000, flag, configured }: { uid?: number; flag?: string; configured?: string } = {},
) => storeFolder({ environment, directory: "/work", user: { uid } }, flag, configured);

describe("a store is", () => {
  it("the flag's, else the environment's, else the configuration's, relative ones from the working directory", () => {
    const environment = { KIT_STORE: "./near", HOME: "/home/me" };
    expect(folder(environment, { flag: "flag", configured: "/far" })).toBe("/work/flag");
    expect(folder(environment, { configured: "/far" })).toBe("/work/near");
    expect(folder({ HOME: "/home/me" }, { configured: "/far" })).toBe("/far");
    expect(folder({ KIT_STORE: "", HOME: "/home/me" }, { configured: "/far" })).toBe("/far");
  });

  it("the system's for root, below the user's data for others", () => {
    expect(folder({ HOME: "/root", XDG_DATA_HOME: "/data" }, { uid: 0 })).toBe("/var/lib/kit");
    expect(folder({ HOME: "/home/me", XDG_DATA_HOME: "/data" })).toBe("/data/kit");
    expect(folder({ HOME: "/home/me" })).toBe("/home/me/.local/share/kit");
  });

  it("nowhere below the working directory because a variable is relative or empty", () => {
    expect(folder({ HOME: "/home/me", XDG_DATA_HOME: "data" })).toBe("/home/me/.local/share/kit");
    expect(folder({ HOME: "/home/me", XDG_DATA_HOME: "" })).toBe("/home/me/.local/share/kit");
    expect(folder({ HOME: "home" })).toBe("/.local/share/kit");
    expect(folder({ HOME: "" })).toBe("/.local/share/kit");
  });
});

it("looks for a configuration in the directory and in all above it, nearest first", () => {
  expect(configurationFiles("/a/b")).toEqual(["/a/b", "/a", ""].map((each) => `${each}/kit.config.yaml`));
});
