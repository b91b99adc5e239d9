#include "chime.h"

int chime_strokes(int hour) {
  if (hour < 0 || hour > 23) return -1;
  return hour % 12 == 0 ? 12 : hour % 12;
}
