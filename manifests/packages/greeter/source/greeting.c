#include "greeting.h"

#include <stdio.h>

const char *greeting(const char *whom) {
  static char text[256];
  snprintf(text, sizeof text, "Hello, %s!", whom);
  return text;
}
