#pragma once
#include <string>
#include <utility>
#include <vector>

namespace track {

using Point = std::pair<double, double>;

/** Metres along these points. */
double length(const std::vector<Point> &points);

std::string lengthText(const std::vector<Point> &points);

}
