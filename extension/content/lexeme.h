/*
 * lexeme.h owns reading a text into lexemes as parsetext() does, with what the dictionaries made of
 * its words kept for the session: lower case, stop words and stems of the same few thousand words
 * cost a third of a vector.
 */
#ifndef SOCIAL_LEXEME_H
#define SOCIAL_LEXEME_H

#include "postgres.h"
#include "tsearch/ts_utils.h"

/*
 * Adds the words of bytes[0 .. len) as `config` reads them, from position words->pos + 1 on: what
 * parsetext(config, words, bytes, len) adds. The words are in the current memory context.
 */
extern void social_lexemes_read(Oid config, ParsedText *words, char *bytes, int len);

#endif /* SOCIAL_LEXEME_H */
