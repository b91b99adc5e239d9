include(CMakeFindDependencyMacro)
find_dependency(track)
include("${CMAKE_CURRENT_LIST_DIR}/plannerTargets.cmake")
