// Which roots are refused before anything is built for them, and what is said then.

import { describe, expect, it } from "vitest";
import { rootfsDerivation } from "../../../builders/rootfs/recipe.ts";
import { refuseForeign } from "../../../builders/rootfs/runnable.ts";
import { contentOf } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";

const root = (architecture: string) =>
  rootfsDerivation({
    label: "a root",
    parameters: { architecture, epoch: 0, debconf: [], passwd: [], group: [], mergedUsr: false },
    packages: [],
    base: undefined,
    launcher: { content: contentOf("tree", digestOf("launcher")) },
  });

const refused = (architecture: string, own: boolean): Fault | undefined => {
  try {
    refuseForeign([root("amd64"), root(architecture)], "amd64", () => ({ own, handlers: [] }));
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
};

describe("a root of another architecture", () => {
  it("is made where kit can emulate it", () => {
    expect(refused("arm64", true)).toBeUndefined();
  });

  it("is refused where nobody starts its programs, with what would", () => {
    expect(refused("arm64", false)).toMatchObject({
      code: "host/foreign-architecture",
      hint: expect.stringMatching(/kernel from 6\.7.*qemu-user-static.*--arch amd64/s),
    });
  });

  it("is refused where nothing runs them, on any kernel", () => {
    expect(refused("ia64", true)).toMatchObject({ code: "host/foreign-architecture" });
    expect(refused("ia64", true)?.hint).not.toContain("kernel");
  });

  it("that this one runs itself asks nothing of the host", () => {
    const never = () => expect.fail("nobody needs to know");
    expect(() => refuseForeign([root("amd64"), root("i386")], "amd64", never)).not.toThrow();
  });
});
