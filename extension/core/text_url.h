/*
 * text_url.h owns the question whether a sign stands inside a URL. Internal to the text scanner.
 */
#ifndef SOCIAL_TEXT_URL_H
#define SOCIAL_TEXT_URL_H

#include "core/text_scan.h"

/*
 * Does the sign at pos stand inside a URL? The search goes on where the last call for this scanner
 * left it, so positions must not go back; all calls of a pass together take linear time.
 */
extern bool social_text_is_inside_url(struct social_text_scanner *scanner, size_t pos);

#endif /* SOCIAL_TEXT_URL_H */
