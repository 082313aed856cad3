/*
 * The form of a mail (issue 15 line 8): addresses, headers, encoded words, quoted-printable; and
 * how many things are one parameter.
 */
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "worker/batch.h"
#include "worker/mail_text.h"
#include "worker/message.h"

static struct sb_mailbox_name sender;

/* The mail's lines from one that begins so. */
static const char *
line_of(const char *mail, const char *begin)
{
	static char line[2000];
	const char *at = strstr(mail, begin);
	size_t len = at ? strcspn(at, "\r") : 0;

	while (at && at[len] == '\r' && at[len + 1] == '\n' && at[len + 2] == ' ')
		len += 3 + strcspn(at + len + 3, "\r");
	len = len < sizeof(line) ? len : sizeof(line) - 1;
	memcpy(line, at ? at : "", len);
	line[len] = '\0';
	return line;
}

static const char *
mail_of(const char *subject, const char *text)
{
	static struct sb_buffer out;

	sb_buffer_free(&out);
	sb_message_write(&out, &(struct sb_message){.from = &sender,
												.to = "to@example.com",
												.subject = subject,
												.id = "mail.1.2",
												.made_at = 1700000000,
												.text = text});
	return out.data;
}

static const char *
text_of(const char *text)
{
	return strstr(mail_of("s", text), "\r\n\r\n") + 4;
}

static bool
lines_are_short(const char *mail)
{
	for (const char *line = mail; *line;)
	{
		size_t len = strcspn(line, "\r\n");

		if (len > 76 || line[len] != '\r' || line[len + 1] != '\n')
			return false;
		line += len + 2;
	}
	return true;
}

static void
test_addresses(void)
{
	static const char *const good[] = {"a@b", "first.last+tag@example.com", "\xc3\xbc@example.com"};
	static const char *const bad[] = {"",
									  "a",
									  "@b",
									  "a@",
									  "a@b@c",
									  "a b@c",
									  "a@b\r\nRCPT TO:<c@d>",
									  "<a@b>",
									  "a@b>",
									  "a@b,c@d",
									  "\"a\"@b",
									  "a;b@c",
									  "\xff@example.com",
									  "a@b\x7f"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(sb_address_is_good(good[i]), good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!sb_address_is_good(bad[i]), "no address");
	ok(sb_mailbox_parse("a@b.c", &sender) && strcmp(sender.address, "a@b.c") == 0 && !*sender.name,
	   "an address alone");
	ok(sb_mailbox_parse(" The Service  <a@b.c>", &sender) &&
		   strcmp(sender.name, "The Service") == 0,
	   "with a name");
	ok(sb_mailbox_parse("\"A, B\" <a@b.c>", &sender) && strcmp(sender.name, "A, B") == 0,
	   "which may be quoted");
	ok(!sb_mailbox_parse("Name <a@b.c> more", &sender), "nothing behind it");
	ok(!sb_mailbox_parse("Name <a@b.c", &sender), "and closed");
	ok(!sb_mailbox_parse("<>", &sender) && !sb_mailbox_parse("", &sender), "nobody");
}

static void
test_headers(void)
{
	(void) sb_mailbox_parse("A \\ B <from@example.org>", &sender);
	is_str(line_of(mail_of("Hello", "x"), "From:"), "From: \"A \\\\ B\"\r\n <from@example.org>",
		   "a name is quoted");
	is_str(line_of(mail_of("Hello", "x"), "Subject:"), "Subject: Hello", "a plain subject");
	is_str(line_of(mail_of("Hello", "x"), "Message-ID:"), "Message-ID: <mail.1.2@example.org>",
		   "the Message-ID");
	is_str(line_of(mail_of("Hello", "x"), "Date:"), "Date: Tue, 14 Nov 2023 22:13:20 +0000",
		   "the date");
	is_str(line_of(mail_of("Gr\xc3\xbc\xc3\x9f"
						   "e",
						   "x"),
				   "Subject:"),
		   "Subject: =?UTF-8?B?R3LDvMOfZQ==?=", "an encoded one");
	is_str(line_of(mail_of("a=?b", "x"), "Subject:"),
		   "Subject: =?UTF-8?B?YT0/Yg==?=", "one that looks encoded is");
	is_str(line_of(mail_of("a\r\nBcc: b@c", "x"), "Subject:"), "Subject: a  Bcc: b@c",
		   "no value begins a header");
	ok(strstr(mail_of("\xc3\xbc\r\nBcc: b@c", "x"), "\nBcc") == NULL, "nor an encoded one");
	ok(lines_are_short(
		   mail_of("\xe4\xbd\xa0\xe5\xa5\xbd \xe4\xbd\xa0\xe5\xa5\xbd \xe4\xbd\xa0\xe5\xa5\xbd "
				   "\xe4\xbd\xa0\xe5\xa5\xbd \xe4\xbd\xa0\xe5\xa5\xbd \xe4\xbd\xa0\xe5\xa5\xbd "
				   "\xe4\xbd\xa0\xe5\xa5\xbd \xe4\xbd\xa0\xe5\xa5\xbd \xe4\xbd\xa0\xe5\xa5\xbd",
				   "x")),
	   "a long one is folded between characters");
	is_str(line_of(mail_of("\xff\x80", "x"), "Subject:"),
		   "Subject: =?UTF-8?B?Pz8=?=", "what is no UTF-8 is shown so");
}

static void
test_text(void)
{
	char many[400];

	is_str(text_of("a\nb\n"), "a\r\nb\r\n", "lines");
	is_str(text_of("a"), "a\r\n", "the last one ends");
	is_str(text_of("a=b \nc\t"), "a=3Db=20\r\nc=09\r\n", "what would be lost is encoded");
	is_str(text_of("\xc3\xbc"), "=C3=BC\r\n", "and what is not ASCII");
	is_str(text_of("a\rb"), "a=0Db\r\n", "and a lone CR");
	is_str(text_of(".\n.."), ".\r\n..\r\n", "dots are the transport's to mind");
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	ok(lines_are_short(mail_of("s", many)), "long lines are broken");
	for (size_t i = 0; i + 1 < sizeof(many); i++)
		many[i] = (char) (i % 2 ? 0xbc : 0xc3);
	ok(lines_are_short(mail_of("s", many)), "encoded ones too");
}

static void
test_words(void)
{
	struct sb_buffer out = {0};
	json_t *variables = json_loads("{\"username\": \"ann\\nx\", \"token\": \"t k\"}", 0, NULL);

	is_str(sb_mail_text_write(&out, "verify_email", variables, "https://e.org/"),
		   "Confirm your e-mail address", "a template has a subject");
	ok(strstr(out.data, "Hello ann x,\n") != NULL, "its variables are filled in, on one line");
	ok(strstr(out.data, "\nhttps://e.org/verify-email?token=t%20k\n") != NULL, "and a link");
	sb_buffer_free(&out);
	(void) sb_mail_text_write(&out, "verify_email", variables, NULL);
	ok(strstr(out.data, "\nt%20k\n") != NULL, "or the token alone");
	sb_buffer_free(&out);
	ok(sb_mail_text_write(&out, "none", variables, NULL) == NULL, "an unknown template");
	ok(sb_mail_text_write(&out, "email_changed", NULL, NULL) != NULL, "no variables");
	sb_buffer_free(&out);
	json_decref(variables);
}

static void
test_batches(void)
{
	struct sb_buffer array = {0};

	is_str(sb_batch_end(&array), "{}", "an empty batch");
	sb_buffer_free(&array);
	sb_batch_put_int(&array, 1);
	sb_batch_put_null(&array);
	sb_batch_put_text(&array, "a\"b\\c,{}\xff");
	is_str(sb_batch_end(&array), "{1,NULL,\"a\\\"b\\\\c,{}?\"}", "numbers, nulls, text");
	sb_buffer_free(&array);
	ok(sb_batch_has("{1,22,3}", 22) && sb_batch_has("{7}", 7), "a number that is there");
	ok(!sb_batch_has("{1,22,3}", 2) && !sb_batch_has("{}", 0) && !sb_batch_has("", 0),
	   "and one that is not");
}

int
main(void)
{
	test_addresses();
	test_headers();
	test_text();
	test_words();
	test_batches();
	return done_testing();
}
