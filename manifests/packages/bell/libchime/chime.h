#ifndef CHIME_H
#define CHIME_H

/* How often the bell rings at an hour of the day, from 0 to 23; -1 at no hour. */
int chime_strokes(int hour);

#endif
