// The builder of checks: a package is built once more, with its checks, and how they ended is what comes of it.
// Knows whose checks there are; does not know how any of them is run.

import { Fault } from "../../store/model/fault.ts";
import type { BuildContext, Builder } from "../builder.ts";
import { buildInRoot, type RootBuild, sourceBind } from "../buildroot/run.ts";
import { debSourceParameters } from "../deb-source/recipe.ts";
import { checkScript as debScript } from "../deb-source/script.ts";
import { oneFile } from "../package/place.ts";
import { srpmBind } from "../rpm/builder.ts";
import { rpmParameters } from "../rpm/recipe.ts";
import { checkScript as rpmScript } from "../rpm/script.ts";
import { treeBuild } from "../sysroot/builder.ts";
import { checksParameters, ended, resultFile } from "./recipe.ts";

export const checksBuilder: Builder = {
  name: "checks",
  async run(context) {
    const { log, store } = context;
    const build = await buildOf(context);
    try {
      await buildInRoot(context, build);
      return { outputs: { result: oneFile(resultFile, ended.well, store) } };
    } catch (error) {
      // The build itself went well before, so this is what the checks found; limits and interruptions say nothing.
      if (!isFound(error)) throw error;
      log.line(`kit: ${error.message}`);
      return { outputs: { result: oneFile(resultFile, ended.badly, store) } };
    }
  },
};

/** Whatever the log has to say of it: checks try what happens without room or memory, and tell. */
function isFound(error: unknown): error is Fault {
  return error instanceof Fault && [error, error.cause].some(isFailure);
}

function isFailure(error: unknown): boolean {
  return error instanceof Fault && error.code === "build/failed";
}

async function buildOf(context: BuildContext): Promise<RootBuild> {
  const { builder, parameters, run } = checksParameters(context.request.parameters);
  switch (builder) {
    case "tree":
      return await treeBuild(context, parameters, { check: run === undefined ? "own" : { run } });
    case "deb-source": {
      const own = debSourceParameters(parameters);
      const { epoch, secrets } = own;
      return { script: debScript(own, context.cores), epoch, secrets, binds: [await sourceBind(context)] };
    }
    case "rpm": {
      const own = rpmParameters(parameters);
      const { epoch, secrets } = own;
      return { script: rpmScript(own), epoch, secrets, binds: [srpmBind(context)] };
    }
    default:
      throw new Error(`${builder} has no checks`);
  }
}
