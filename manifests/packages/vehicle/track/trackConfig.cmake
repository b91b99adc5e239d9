include(CMakeFindDependencyMacro)
find_dependency(units)
include("${CMAKE_CURRENT_LIST_DIR}/trackTargets.cmake")
