/*
 * ingest_conf.c owns the configuration of the ingest server that comes along (--print-nginx-conf):
 * Debian's nginx with libnginx-mod-rtmp, run by an own user in an own directory.
 *
 * An encoder publishes to the application `live` under its key. The bridge answers 302 with the
 * address of the application `play`, which listens on 127.0.0.1 alone; the server passes the
 * broadcast on to it, under the public playback id. (Within one application a new name would leave
 * the key in the paths of HLS.) With notify_relay_redirect the broadcast has no name with the key
 * in `live`, either.
 */
#include "api/ingest.h"

#include <string.h>

#include "base/config.h"

static const char top[] = "# Made by social-bridge --print-nginx-conf: an ingest server for live "
						  "streams. Run it as the user of\n"
						  "# social-worker: nginx -p DIRECTORY -c THIS_FILE -e stderr. A "
						  "control.sock of an earlier run is to go first.\n"
						  "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n"
						  "daemon off;\n"
						  "worker_processes 1;\n"
						  "worker_rlimit_nofile 8192;\n"
						  "working_directory \"%s\";\n"
						  "pid \"%s/nginx.pid\";\n"
						  "error_log stderr error;\n"
						  "events { worker_connections 4096; }\n";

static const char rtmp[] = "rtmp {\n"
						   "\taccess_log off;\n"
						   "\tmax_message 8M;\n"
						   "\tping 10s;\n"
						   "\tping_timeout 5s;\n"
						   "\tnetcall_timeout 3s;\n"
						   "\tserver {\n"
						   "\t\tlisten %s:%d;\n"
						   "\t\tapplication live {\n"
						   "\t\t\tlive on;\n"
						   "\t\t\tdeny play all;\n"
						   "\t\t\tdrop_idle_publisher 10s;\n"
						   "\t\t\tnotify_method post;\n"
						   "\t\t\tnotify_relay_redirect on;\n"
						   "\t\t\ton_publish http://127.0.0.1:%d/ingest/publish/;\n"
						   "\t\t\ton_publish_done http://127.0.0.1:%d/ingest/done/;\n"
						   "\t\t\ton_update http://127.0.0.1:%d/update/;\n"
						   "\t\t\tnotify_update_timeout 4s;\n"
						   "\t\t\tpush_reconnect 1s;\n"
						   "\t\t}\n"
						   "\t}\n"
						   "\tserver {\n"
						   "\t\tlisten 127.0.0.1:%d;\n"
						   "\t\tapplication play {\n"
						   "\t\t\tlive on;\n"
						   "\t\t\tallow publish 127.0.0.1;\n"
						   "\t\t\tdeny publish all;\n"
						   "\t\t\tdeny play all;\n"
						   "\t\t\thls on;\n"
						   "\t\t\thls_path \"%s/hls\";\n"
						   "\t\t\thls_nested on;\n"
						   "\t\t\thls_fragment 1s;\n"
						   "\t\t\thls_max_fragment 4s;\n"
						   "\t\t\thls_playlist_length 8s;\n"
						   "\t\t\thls_continuous on;\n"
						   "\t\t\thls_cleanup on;\n"
						   "\t\t\thls_fragment_naming system;\n"
						   "\t\t\trecord all;\n"
						   "\t\t\trecord_path \"%s/record\";\n"
						   "\t\t\trecord_append on;\n"
						   "\t\t\trecord_max_size 4000M;\n"
						   "\t\t}\n"
						   "\t}\n"
						   "}\n";

static const char http[] =
	"http {\n"
	"\taccess_log off;\n"
	"\tserver_tokens off;\n"
	"\tdefault_type application/octet-stream;\n"
	"\tlog_not_found off;\n"
	"\tclient_body_temp_path \"%s/temp/body\";\n"
	"\tproxy_temp_path \"%s/temp/proxy\";\n"
	"\tfastcgi_temp_path \"%s/temp/fastcgi\";\n"
	"\tuwsgi_temp_path \"%s/temp/uwsgi\";\n"
	"\tscgi_temp_path \"%s/temp/scgi\";\n"
	"\tproxy_cache_path \"%s/temp/watch\" keys_zone=watch:1m inactive=10s max_size=16m "
	"use_temp_path=off;\n"
	"\tproxy_http_version 1.1;\n"
	"\tproxy_set_header Connection \"\";\n"
	"\tproxy_connect_timeout 2s;\n"
	"\tproxy_read_timeout 2s;\n"
	"\tupstream bridge { server 127.0.0.1:%d max_fails=0; keepalive 16; }\n"
	"\tserver {\n"
	"\t\tlisten %s:%d;\n"
	"\t\tlocation ~ "
	"\"^/hls/(?:(?<token>[A-Za-z0-9_-]{20,100})/)?(?<id>[A-Za-z0-9_-]{22})/"
	"(?<piece>index\\.m3u8|[0-9]{1,20}\\.ts)$\" {\n"
	"\t\t\tauth_request /watch;\n"
	"\t\t\tadd_header Access-Control-Allow-Origin * always;\n"
	"\t\t\tadd_header Cache-Control no-cache;\n"
	"\t\t\tadd_header X-Content-Type-Options nosniff;\n"
	"\t\t\ttypes { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }\n"
	"\t\t\talias \"%s/hls/$id/$piece\";\n"
	"\t\t\terror_page 404 = @missing;\n"
	"\t\t}\n"
	"\t\t# Players ask again for a playlist that is not there yet, where they are not told that "
	"there is none.\n"
	"\t\tlocation @missing {\n"
	"\t\t\tadd_header Access-Control-Allow-Origin * always;\n"
	"\t\t\tadd_header Retry-After 1 always;\n"
	"\t\t\tif ($piece = index.m3u8) { return 503; }\n"
	"\t\t\treturn 404;\n"
	"\t\t}\n"
	"\t\t# Who may watch is asked every second for each viewer; of an open stream, for all.\n"
	"\t\tlocation = /watch {\n"
	"\t\t\tinternal;\n"
	"\t\t\tproxy_pass http://bridge/ingest/watch/?id=$id&token=$token;\n"
	"\t\t\tproxy_method GET;\n"
	"\t\t\tproxy_pass_request_body off;\n"
	"\t\t\tproxy_pass_request_headers off;\n"
	"\t\t\tproxy_cache watch;\n"
	"\t\t\tproxy_cache_key $id/$token;\n"
	"\t\t\tproxy_cache_valid 200 403 1s;\n"
	"\t\t\tproxy_cache_lock on;\n"
	"\t\t\tproxy_ignore_headers Cache-Control Expires Vary Set-Cookie;\n"
	"\t\t\tproxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;\n"
	"\t\t}\n"
	"\t\tlocation / { return 404; }\n"
	"\t}\n"
	"\tserver {\n"
	"\t\tlisten 127.0.0.1:%d;\n"
	"\t\t# A heart-beat that no bridge hears ends no broadcast; one that is refused does.\n"
	"\t\tlocation = /update/ {\n"
	"\t\t\tproxy_pass http://bridge/ingest/update/;\n"
	"\t\t\tproxy_intercept_errors on;\n"
	"\t\t\terror_page 429 500 502 503 504 =200 @unheard;\n"
	"\t\t}\n"
	"\t\tlocation @unheard { return 200; }\n"
	"\t\tlocation / { return 404; }\n"
	"\t}\n"
	"\tserver {\n"
	"\t\tlisten unix:%s/control.sock;\n"
	"\t\tlocation /control { rtmp_control all; }\n"
	"\t\tlocation = /stat { rtmp_stat all; }\n"
	"\t\tlocation / { return 404; }\n"
	"\t}\n"
	"}\n";

static bool
check(bool is_good, const char *problem)
{
	if (!is_good)
		fprintf(stderr, "social-bridge: %s\n", problem);
	return is_good;
}

bool
sb_ingest_print_conf(const struct sb_config *config, FILE *out)
{
	const char *dir = config->live_dir ? config->live_dir : "";
	const char *host = config->live_host;
	char listen[128];
	int hooks = config->ingest_port;

	if (!check(*dir == '/' && strpbrk(dir, "\"\\$;{}\n\r\t") == NULL && strlen(dir) < 95,
			   "LIVE_DIR must be a whole path of at most 94 characters, without any of \" \\ $ ; { "
			   "}") ||
		!check(hooks != 0, "INGEST_PORT must be set: where the ingest server asks"))
		return false;
	snprintf(listen, sizeof(listen), strchr(host, ':') ? "[%s]" : "%s", host);
	fprintf(out, top, dir, dir);
	fprintf(out, rtmp, listen, config->rtmp_port, hooks, hooks, config->beat_port,
			config->rtmp_play_port, dir, dir);
	fprintf(out, http, dir, dir, dir, dir, dir, dir, hooks, listen, config->hls_port, dir,
			config->beat_port, dir);
	return true;
}
