#include <assert.h>

#include "chime.h"

int main(void) {
  assert(chime_strokes(0) == 12);
  assert(chime_strokes(15) == 3);
  assert(chime_strokes(24) == -1);
  return 0;
}
