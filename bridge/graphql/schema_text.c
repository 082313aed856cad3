/* schema_text.c owns the embedding of schema/ in the program; the Makefile joins its files. */
#include "graphql/graphql.h"

__asm__(".section .rodata\n"
		".global sb_graphql_schema_text\n"
		"sb_graphql_schema_text:\n"
		".incbin \"" SCHEMA_FILE "\"\n"
		"sb_graphql_schema_text_end:\n"
		".byte 0\n"
		".balign 8\n"
		".global sb_graphql_schema_text_len\n"
		"sb_graphql_schema_text_len:\n"
		".quad sb_graphql_schema_text_end - sb_graphql_schema_text\n"
		".previous\n");
