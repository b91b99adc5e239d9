#include "track.hpp"

#include <cmath>
#include <units.hpp>

double track::length(const std::vector<Point> &points) {
  double sum = 0;
  for (std::size_t i = 1; i < points.size(); i++)
    sum += std::hypot(points[i].first - points[i - 1].first, points[i].second - points[i - 1].second);
  return sum;
}

std::string track::lengthText(const std::vector<Point> &points) { return units::distance(length(points)); }
