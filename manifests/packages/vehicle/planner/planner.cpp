#include "planner.hpp"

#include <stdexcept>

std::vector<track::Point> planner::square(double side) {
  std::vector<track::Point> way{{0, 0}, {side, 0}, {side, side}, {0, side}, {0, 0}};
  if (PLANNER_CHECKS && track::length(way) != 4 * side) throw std::logic_error("the way is not closed");
  return way;
}

const char *planner::build() { return PLANNER_CHECKS ? "checked" : "optimized"; }
