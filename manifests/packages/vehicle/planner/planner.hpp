#pragma once
#include <track.hpp>
#include <vector>

namespace planner {

/** A way around the corners of a square. */
std::vector<track::Point> square(double side);

/** "optimized" or "checked". */
const char *build();

}
