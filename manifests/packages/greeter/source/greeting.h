#ifndef GREETING_H
#define GREETING_H

/** A greeting in a buffer of the library's own, until the next call. */
const char *greeting(const char *whom);

#endif
