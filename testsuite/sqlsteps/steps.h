#ifndef STEPS_H
#define STEPS_H

#include <stdint.h>

// steps_register makes every connection that is opened from now on count.
int steps_register(void);

// steps_taken is how many steps all counted connections have taken, steps_locked
// how many of them while theirs was the only one that may write.
int64_t steps_taken(void);
int64_t steps_locked(void);

#endif
