/* The page of old system calls, which some kernels cannot keep from telling the machine's time. */
#ifndef SAMESEED_WORLD_OLD_PAGE_H
#define SAMESEED_WORLD_OLD_PAGE_H

#include <stdbool.h>
#include <time.h>
#include <ucontext.h>

void world_try_old_page(void);                          /* under the filter; says what does not hold */
bool world_old_page_trapped(ucontext_t *context);       /* whether the filter's signal is that try's */
bool world_old_page_missing(ucontext_t *context);       /* whether the fault is */

#endif
