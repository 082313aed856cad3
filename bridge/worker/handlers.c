/*
 * handlers.c owns the table of what a worker runs: a row for each kind of jobs. Whether a kind is
 * there, and its back-off and timeout at first, says social.serve_job_kinds()
 * (sql/api/job_operator.sql).
 */
#include "worker/export.h"
#include "worker/job.h"
#include "worker/live.h"
#include "worker/mail.h"
#include "worker/media.h"
#include "worker/mux.h"
#include "worker/webhook.h"

const struct sb_handler sb_handlers[] = {
	{"mail", "claim_mail_jobs", "finish_mail_jobs", "fail_mail_jobs", sb_mail_most, sb_mail_check,
	 sb_mail_open, sb_mail_close, sb_mail_start, sb_mail_cancel},
	{"media.verify", "claim_jobs", "finish_jobs", "fail_jobs", sb_media_most, sb_media_check,
	 sb_media_open, sb_media_close, sb_media_verify_start, sb_media_cancel},
	{"media.process", "claim_jobs", "finish_jobs", "fail_jobs", sb_media_most, NULL,
	 sb_media_process_open, sb_media_close, sb_media_process_start, sb_media_cancel},
	{"media.delete", "claim_jobs", "finish_jobs", "fail_jobs", sb_media_most, NULL, sb_media_open,
	 sb_media_close, sb_media_delete_start, sb_media_cancel},
	{"media.sweep", "claim_jobs", "finish_jobs", "fail_jobs", sb_media_most, NULL, sb_media_open,
	 sb_media_close, sb_media_sweep_start, sb_media_cancel},
	{"mux", "claim_jobs", "finish_jobs", "fail_jobs", sb_mux_most, sb_mux_check, sb_mux_open,
	 sb_mux_close, sb_mux_start, sb_mux_cancel},
	{"export", "claim_jobs", "finish_jobs", "fail_jobs", sb_export_most, NULL, sb_export_open,
	 sb_export_close, sb_export_start, sb_export_cancel},
	{"webhook", "claim_jobs", "finish_jobs", "fail_jobs", sb_webhook_most, NULL, sb_webhook_open,
	 sb_webhook_close, sb_webhook_start, sb_webhook_cancel},
	{"webhook.slow", "claim_jobs", "finish_jobs", "fail_jobs", sb_webhook_most, NULL,
	 sb_webhook_open, sb_webhook_close, sb_webhook_start, sb_webhook_cancel},
	{"stream.drop", "claim_jobs", "finish_jobs", "fail_jobs", sb_live_most, sb_live_check,
	 sb_live_open, sb_live_close, sb_live_drop_start, sb_live_cancel},
	{"stream.finish", "claim_jobs", "finish_jobs", "fail_jobs", sb_live_most, NULL, sb_live_open,
	 sb_live_close, sb_live_finish_start, sb_live_cancel},
	{"stream.measure", "claim_jobs", "finish_jobs", "fail_jobs", sb_live_most, NULL, sb_live_open,
	 sb_live_close, sb_live_measure_start, sb_live_cancel},
	{NULL},
};
