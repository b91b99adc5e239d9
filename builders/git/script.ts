// What runs in a tool environment with git in it: one commit, fetched and checked out.
// Pure text; runs nothing.

import { quoted } from "../sandbox/spec.ts";
import type { GitParameters } from "./recipe.ts";

export const outFolder = "/tmp/out";

/**
 * The commit alone where the server gives it, else all it has. What is checked out is what the commit says, attributes
 * among it, and nothing that a machine is set to. What the server gives is checked by git against the ids that lead to it.
 */
export function gitScript(url: string, { commit, submodules }: GitParameters): string {
  const modules = submodules
    ? `git submodule --quiet update --init --recursive --depth 1 || git submodule --quiet update --init --recursive\n`
    : "";
  return `set -eu
umask 022
cat /usr/share/ca-certificates/mozilla/*.crt > /tmp/authorities
export GIT_SSL_CAINFO=/tmp/authorities GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1 GIT_ALLOW_PROTOCOL=https:http
export HOME=/tmp/home
mkdir -p "$HOME"
git config --global core.autocrlf false
git config --global fetch.fsckObjects true
git config --global advice.detachedHead false
git config --global init.defaultBranch main
git init --quiet ${outFolder}/tree
cd ${outFolder}/tree
git remote add origin ${quoted(url)}
git fetch --quiet --depth 1 origin ${commit} || git fetch --quiet --tags origin '+refs/*:refs/remotes/origin/*'
git checkout --quiet --detach ${commit}
${modules}test "$(git rev-parse HEAD)" = ${commit}
find . -name .git -prune -exec rm -rf {} +
`;
}
