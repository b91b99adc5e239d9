#include <chime.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words) {
  int strokes = chime_strokes(count > 1 ? atoi(words[1]) : 0);
  for (int i = 0; i < strokes; i++) puts("ding");
  return strokes < 0;
}
