#include "units.hpp"

#include <cstdio>

std::string units::distance(double metres) {
  char text[32];
  if (metres >= 1000)
    std::snprintf(text, sizeof text, "%.1f km", metres / 1000);
  else
    std::snprintf(text, sizeof text, "%.0f m", metres);
  return text;
}
