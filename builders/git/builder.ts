// The git builder: a commit of a repository as a tree.
// Carries out what the script says, with the network that fixed outputs alone have.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitName } from "../../evaluator/gitsource.ts";
import { poolTime } from "../../store/layout.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Builder, inputOf, type ProxySettings } from "../builder.ts";
import { gitParameters, gitUrl } from "./recipe.ts";
import { gitScript, outFolder } from "./script.ts";

export const gitBuilder: Builder = {
  name: "git",
  async run(context) {
    const { request, crew, scratch } = context;
    const url = gitUrl(context.hints);
    const parameters = gitParameters(request.parameters);
    const [out, script] = [join(scratch, "out"), join(scratch, "script")];
    mkdirSync(out);
    writeFileSync(script, gitScript(url, parameters));
    const sandbox = await context.sandbox({
      lower: [splitContent(inputOf(request, "tools")).digest],
      binds: [
        { source: out, target: outFolder, writable: true },
        { source: script, target: "/tmp/script", writable: false },
        // Names of hosts are the machine's to know.
        ...["/etc/resolv.conf", "/etc/hosts"]
          .filter((file) => existsSync(file))
          .map((file) => ({ source: file, target: file, writable: false })),
      ],
    });
    await context
      .run(sandbox, {
        argv: ["/bin/sh", "/tmp/script"],
        environment: { ...proxyVariables(context.proxy), ...slowest },
        epoch: poolTime,
        network: true,
      })
      .catch((error: unknown) => {
        if (!(error instanceof Fault) || error.code !== "build/failed") throw error;
        const at = `${gitName(url)}: the commit ${parameters.commit}`;
        throw isCheckedOut(join(out, "tree"), parameters.commit)
          ? noSubmodule(`${at} is there, but not all of its submodules`, error)
          : noCommit(`${at} cannot be fetched`, error);
      });
    sandbox[Symbol.dispose]();
    const { tree } = await crew.scanFolder(join(out, "tree"));
    return { outputs: { tree: contentOf("tree", tree) } };
  },
};

/** A server over HTTP that sends less than so many bytes a second, for so many seconds, is given up (git(1)). */
const slowest = { GIT_HTTP_LOW_SPEED_LIMIT: "500", GIT_HTTP_LOW_SPEED_TIME: "120" };

/** As curl, which git fetches with, reads them. */
function proxyVariables({ http, https, none }: ProxySettings): Record<string, string> {
  return {
    ...(http !== undefined && { http_proxy: http }),
    ...(https !== undefined && { https_proxy: https }),
    ...(none !== undefined && { no_proxy: none }),
  };
}

function noCommit(message: string, cause: Fault): Fault {
  return new Fault("network/no-commit", message, {
    ...{ cause, about: "rev" },
    hint: "is the repository there, the commit still in it, and sound in git's eyes? The last lines of git say. What was fetched once stays in the store and in caches: another store that has it can push it",
  });
}

/** Submodules come after it. */
function isCheckedOut(tree: string, commit: string): boolean {
  const head = join(tree, ".git/HEAD");
  return existsSync(head) && readFileSync(head, "utf8").trim() === commit;
}

function noSubmodule(message: string, cause: Fault): Fault {
  return new Fault("network/no-submodule", message, {
    cause,
    hint: "the last lines of git say which: its address stands in .gitmodules, and is to be one of https or http that takes no password. Or leave `submodules` out",
  });
}
