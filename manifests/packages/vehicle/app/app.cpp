#include <cstdio>
#include <planner.hpp>

int main() {
  std::printf("%s, %s\n", track::lengthText(planner::square(300)).c_str(), planner::build());
  return 0;
}
