/*
 * mail.c owns the handler of mails.
 *
 * A mail that was sent and could not be told of is sent again, with the same Message-ID. What the
 * server says for good (5xx) of the one whom it is for, or of its text, gives the mail up; what it
 * says of ourselves (who we are, whom mails come from) somebody can put right, so the mail waits.
 */
#include "worker/mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "worker/mail_text.h"
#include "worker/message.h"
#include "worker/transfer.h"

struct mailer
{
	struct sb_loop *loop;
	struct sb_transfers *transfers;
	struct sb_mailbox_name from;
};

struct delivery
{
	struct sb_transfer transfer; /* must stay first */
	struct sb_job *job;          /* NULL: nobody wants to know what comes of it */
	const struct sb_config *config;
	struct sb_buffer message;
	size_t read; /* bytes of it that libcurl has */
	struct curl_slist *to;
	char from[260];  /* as the envelope has it */
	bool is_of_mail; /* what the server says is about this mail, not about us */
	bool is_over;    /* QUIT: what it says then is about nothing */
	char reply[300]; /* its last line */
	char problem[CURL_ERROR_SIZE];
};

/* ---- what the server says ---------------------------------------------------------------------
 */

static void
note_reply(struct delivery *delivery, const char *line, size_t len)
{
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	len = len < sizeof(delivery->reply) ? len : sizeof(delivery->reply) - 1;
	memcpy(delivery->reply, line, len);
	delivery->reply[len] = '\0';
}

/* Hears what is said on the connection. Of what we say only the command is looked at. */
static int
on_said(CURL *easy, curl_infotype type, char *text, size_t len, void *arg)
{
	struct delivery *delivery = arg;

	if (type == CURLINFO_HEADER_IN && !delivery->is_over)
		note_reply(delivery, text, len);
	else if (type == CURLINFO_HEADER_OUT && len >= 4 && memcmp(text, "QUIT", 4) == 0)
		delivery->is_over = true;
	else if (type == CURLINFO_HEADER_OUT)
		delivery->is_of_mail =
			len >= 4 && (memcmp(text, "RCPT", 4) == 0 || memcmp(text, "DATA", 4) == 0);
	return 0;
}

static size_t
on_wanted(char *out, size_t size, size_t count, void *arg)
{
	struct delivery *delivery = arg;
	size_t left = delivery->message.len - delivery->read;
	size_t len = size * count < left ? size * count : left;

	memcpy(out, delivery->message.data + delivery->read, len);
	delivery->read += len;
	return len;
}

static void
free_delivery(struct delivery *delivery)
{
	curl_slist_free_all(delivery->to);
	sb_buffer_free(&delivery->message);
	free(delivery);
}

static void
on_done(struct sb_transfer *transfer, CURLcode result)
{
	struct delivery *delivery = (struct delivery *) transfer;
	struct sb_job *job = delivery->job;
	bool was_refused =
		result != CURLE_OPERATION_TIMEDOUT && *delivery->reply >= '4' && *delivery->reply <= '5';

	if (job)
		job->run = NULL;
	if (job == NULL)
		;
	else if (result == CURLE_OK)
	{
		sb_log_begin(SB_LOG_INFO, "mail sent");
		sb_log_int("mail", json_integer_value(json_object_get(job->args, "mail")));
		sb_log_text("template", json_string_value(json_object_get(job->args, "template")));
		sb_log_int("job", job->id);
		sb_log_end();
		sb_job_done(job);
	}
	else if (was_refused)
		sb_job_fail(job, *delivery->reply == '5' && delivery->is_of_mail, 0,
					"the mail server said: %s", delivery->reply);
	else
		sb_job_fail(job, false, 0, "%s",
					*delivery->problem ? delivery->problem : curl_easy_strerror(result));
	free_delivery(delivery);
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* Writes the mail; NULL, or why it cannot be sent. */
static const char *
write_message(struct delivery *delivery, const struct mailer *mailer, const json_t *args)
{
	const char *template = json_string_value(json_object_get(args, "template"));
	const char *to = json_string_value(json_object_get(args, "address"));
	int64_t made_at = json_integer_value(json_object_get(args, "created_at"));
	struct sb_buffer text = {0};
	const char *subject =
		sb_mail_text_write(&text, template ? template : "", json_object_get(args, "variables"),
						   mailer->loop->config->frontend_url);
	char id[64];

	if (subject == NULL || to == NULL || !sb_address_is_good(to))
	{
		sb_buffer_free(&text);
		return subject == NULL ? "no text is known for its template" : "its address is none";
	}
	snprintf(id, sizeof(id), "mail.%" PRId64 ".%" PRId64,
			 (int64_t) json_integer_value(json_object_get(args, "mail")), made_at);
	sb_message_write(&delivery->message, &(struct sb_message){.from = &mailer->from,
															  .to = to,
															  .subject = subject,
															  .id = id,
															  .made_at = made_at,
															  .text = text.data});
	sb_buffer_free(&text);
	return NULL;
}

/* What SMTP_TLS says, for a connection that does not begin with TLS. */
static long
tls_of(const struct sb_config *config)
{
	if (strcmp(config->smtp_tls, "off") == 0)
		return CURLUSESSL_NONE;
	return strcmp(config->smtp_tls, "auto") == 0 ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

/* In a thread: it reads what the delivery holds, and nothing of the job or the loop. */
static void
set_up(struct sb_transfer *transfer, CURL *easy)
{
	struct delivery *delivery = (struct delivery *) transfer;
	const struct sb_config *config = delivery->config;

	curl_easy_setopt(easy, CURLOPT_URL, config->smtp_url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(config));
	if (config->smtp_ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, config->smtp_ca_file);
	if (config->smtp_user)
		curl_easy_setopt(easy, CURLOPT_USERNAME, config->smtp_user);
	if (config->smtp_password)
		curl_easy_setopt(easy, CURLOPT_PASSWORD, config->smtp_password);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long) config->smtp_timeout);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long) config->smtp_timeout);
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, delivery->from);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, delivery->to);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_wanted);
	curl_easy_setopt(easy, CURLOPT_READDATA, delivery);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, delivery->problem);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_said);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, delivery);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

void
sb_mail_start(struct sb_job *job)
{
	struct mailer *mailer = job->service;
	const char *error = json_string_value(json_object_get(job->args, "error"));
	struct delivery *delivery;
	char recipient[260];

	if (job->args == NULL)
	{
		sb_job_done(job); /* it was sent, withdrawn, or somebody else has it */
		return;
	}
	delivery = sb_calloc(1, sizeof(*delivery));
	delivery->job = job;
	if (error == NULL)
		error = write_message(delivery, mailer, job->args);
	if (error)
	{
		sb_job_fail(job, true, 0, "%s", error);
		free_delivery(delivery);
		return;
	}
	snprintf(recipient, sizeof(recipient), "<%s>",
			 json_string_value(json_object_get(job->args, "address")));
	snprintf(delivery->from, sizeof(delivery->from), "<%s>", mailer->from.address);
	delivery->to = sb_checked(curl_slist_append(NULL, recipient));
	delivery->config = mailer->loop->config;
	delivery->transfer.set_up = set_up;
	delivery->transfer.on_done = on_done;
	job->run = delivery;
	sb_transfer_begin(mailer->transfers, &delivery->transfer);
}

void
sb_mail_cancel(struct sb_job *job)
{
	struct mailer *mailer = job->service;
	struct delivery *delivery = job->run;

	delivery->job = NULL;
	sb_transfer_cancel(mailer->transfers, &delivery->transfer);
	job->run = NULL;
}

/* ---- the mailer -------------------------------------------------------------------------------
 */

static bool
is_url(const char *text)
{
	CURLU *url = sb_checked(curl_url());
	bool is_good = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;

	curl_url_cleanup(url);
	return is_good && (strncmp(text, "smtp://", 7) == 0 || strncmp(text, "smtps://", 8) == 0);
}

int
sb_mail_most(const struct sb_config *config)
{
	return config->smtp_url ? config->smtp_connections : 0;
}

void
sb_mail_check(const struct sb_config *config, struct sb_problems *problems)
{
	struct sb_mailbox_name from;
	bool begins_with_tls;

	if (config->smtp_url == NULL)
	{
		if (config->mail_from || config->smtp_user || config->smtp_password)
			sb_problem_warning(problems, "SMTP_URL is not set: this worker sends no mails");
		return;
	}
	begins_with_tls = strncmp(config->smtp_url, "smtps://", 8) == 0;
	if (!is_url(config->smtp_url))
		sb_problem_error(problems, "SMTP_URL must be a URL, smtp://… or smtps://…");
	if (config->mail_from == NULL || !sb_mailbox_parse(config->mail_from, &from))
		sb_problem_error(problems,
						 "MAIL_FROM must be name@example.com or Name <name@example.com>, as "
						 "SMTP_URL is set");
	if (!begins_with_tls && config->smtp_password && strcmp(config->smtp_tls, "required") != 0)
		sb_problem_warning(problems, "SMTP_PASSWORD may be sent without TLS (SMTP_TLS)");
	if (config->frontend_url == NULL)
		sb_problem_warning(problems,
						   "FRONTEND_URL is not set: mails hold bare tokens in place of links");
}

void *
sb_mail_open(struct sb_loop *loop)
{
	struct mailer *mailer = sb_calloc(1, sizeof(*mailer));

	mailer->loop = loop;
	(void) sb_mailbox_parse(loop->config->mail_from, &mailer->from);
	mailer->transfers = sb_transfers_new(loop, loop->config->smtp_connections);
	return mailer;
}

void
sb_mail_close(void *service)
{
	struct mailer *mailer = service;

	sb_transfers_free(mailer->transfers);
	free(mailer);
}
