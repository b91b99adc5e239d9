#pragma once
#include <string>

namespace units {

/** Metres as people read them: "1.5 km", "20 m". */
std::string distance(double metres);

}
