// The keeper's entry: the process inside kit's namespaces.
// Composition only: gives the keeper its builders, threads and channel.

import { flushCompileCache } from "node:module";
import { checksBuilder } from "../builders/checks/builder.ts";
import { copyBuilder } from "../builders/copy/builder.ts";
import { customizeBuilder } from "../builders/customize/builder.ts";
import { debFilesBuilder } from "../builders/deb-files/builder.ts";
import { debAboutBuilder, debSourceBuilder, debUnpackBuilder } from "../builders/deb-source/builder.ts";
import { dscBuilder } from "../builders/deb-source/verdict.ts";
import { ext4Builder } from "../builders/ext4/builder.ts";
import { fetchBuilder } from "../builders/fetch/builder.ts";
import { gitBuilder } from "../builders/git/builder.ts";
import { indexBuilder } from "../builders/index/builder.ts";
import { loadClient, loadOpenpgp, loadSaxes } from "../builders/late.ts";
import { ociBuilder } from "../builders/oci/builder.ts";
import { leftoverBuilder, repackageBuilder } from "../builders/repackage/builder.ts";
import { rootfsBuilder } from "../builders/rootfs/builder.ts";
import {
  rpmAboutBuilder,
  rpmBuilder,
  rpmRepositoryBuilder,
  rpmRequiresBuilder,
  srpmBuilder,
} from "../builders/rpm/builder.ts";
import { rpmrootBuilder } from "../builders/rpmroot/builder.ts";
import { archiveBuilder, sourceBuilder } from "../builders/source/builder.ts";
import { squashfsBuilder } from "../builders/squashfs/builder.ts";
import { sysrootBuilder, treeBuilder } from "../builders/sysroot/builder.ts";
import { tarBuilder } from "../builders/tar/builder.ts";
import { toolsBuilder } from "../builders/tools/builder.ts";
import { unpackBuilder } from "../builders/unpack/builder.ts";
import { runKeeper } from "./channel.ts";
import { entryFile, isBundle } from "./entry.ts";

const builders = [
  archiveBuilder,
  checksBuilder,
  copyBuilder,
  customizeBuilder,
  debAboutBuilder,
  debFilesBuilder,
  debSourceBuilder,
  debUnpackBuilder,
  dscBuilder,
  ext4Builder,
  fetchBuilder,
  gitBuilder,
  indexBuilder,
  leftoverBuilder,
  ociBuilder,
  repackageBuilder,
  rootfsBuilder,
  rpmAboutBuilder,
  rpmBuilder,
  rpmRepositoryBuilder,
  rpmRequiresBuilder,
  rpmrootBuilder,
  sourceBuilder,
  squashfsBuilder,
  srpmBuilder,
  sysrootBuilder,
  tarBuilder,
  toolsBuilder,
  treeBuilder,
  unpackBuilder,
];

// The process changes its identity and may not be able to read kit's own files afterwards. The bundle has all of them
// in memory (0.06 s of 0.6 less for a build that fetches nothing); as sources, what is loaded late is loaded now.
const loading = isBundle ? Promise.resolve() : Promise.all([loadClient(), loadOpenpgp(), loadSaxes()]);

await runKeeper({
  builders,
  threadEntry: entryFile("thread"),
  loaded: loading.then(() => flushCompileCache()),
  threads: Number(process.argv[2] ?? 1),
});
