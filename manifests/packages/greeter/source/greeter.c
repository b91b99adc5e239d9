#include "greeting.h"

#include <stdio.h>

int main(int count, char **words) {
  puts(greeting(count > 1 ? words[1] : "world"));
  return 0;
}
