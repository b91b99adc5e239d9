# Asks dnf what it would install on an empty root; many universes and requests in one process.
# Reads JSON from standard input: [{repositories: [{name, folder, priority, exclude}], architecture, exclude, questions: [{requests, groups, recommends}]}].
# Writes for each universe a list with, for each question, the packages by name-version-release.architecture, or null.
import json
import os
import sys
import tempfile

import dnf
import dnf.exceptions
import dnf.rpm


def open_base(universe, scratch):
    base = dnf.Base()
    conf = base.conf
    conf.installroot = os.path.join(scratch, "root")
    conf.cachedir = os.path.join(scratch, "cache")
    conf.persistdir = os.path.join(scratch, "persist")
    conf.logdir = scratch
    conf.reposdir = []
    conf.gpgcheck = False
    conf.best = False
    conf.plugins = False
    conf.excludepkgs = universe.get("exclude", [])
    conf.substitutions["arch"] = universe["architecture"]
    conf.substitutions["basearch"] = dnf.rpm.basearch(universe["architecture"])
    conf.substitutions["releasever"] = "1"
    conf.module_platform_id = "platform:x"
    for repository in universe["repositories"]:
        added = base.repos.add_new_repo(
            repository["name"],
            conf,
            baseurl=["file://" + repository["folder"]],
            priority=repository.get("priority", 99),
        )
        # Of a list that is given above it takes the first item.
        added.excludepkgs = repository.get("exclude", [])
    base.fill_sack(load_system_repo="auto")
    base.read_comps(arch_filter=True)
    return base


def answer(base, question):
    base.reset(goal=True)
    base.conf.install_weak_deps = question["recommends"]
    try:
        for request in question["requests"]:
            base.install(request)
        for group in question.get("groups", []):
            base.env_group_install([group], tuple(base.conf.group_package_types))
        base.resolve()
    except dnf.exceptions.Error:
        return None
    return sorted(
        "%s-%s%s-%s.%s" % (pkg.name, "%d:" % pkg.epoch if pkg.epoch else "", pkg.version, pkg.release, pkg.arch)
        for pkg in base.transaction.install_set
    )


def main():
    results = []
    for universe in json.load(sys.stdin):
        with tempfile.TemporaryDirectory(dir=os.environ["SCRATCH"]) as scratch:
            base = open_base(universe, scratch)
            results.append([answer(base, question) for question in universe["questions"]])
            base.close()
    json.dump(results, sys.stdout)


main()
