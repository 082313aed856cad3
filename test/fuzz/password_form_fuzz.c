/*
 * password_form_fuzz.c: any bytes as a password. Their form has no other form, and no more
 * characters than bytes.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/password.h"
#include "core/password_form.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char form[SOCIAL_PASSWORD_MAX_BYTES];
	char again[SOCIAL_PASSWORD_MAX_BYTES];
	size_t len = 0;
	size_t again_len;

	if (social_password_length((const char *) data, size) > (int) size)
		abort();
	if (social_password_form((const char *) data, size, form, &len) &&
		(len > sizeof(form) || social_password_form(form, len, again, &again_len) ||
		 social_password_length(form, len) > (int) len))
		abort();
	return 0;
}
