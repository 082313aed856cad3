/*
 * target.c owns where the database is.
 *
 * A host may come from DATABASE_URL, DB_HOST, PGHOST or a service file: only libpq knows which
 * counts. It is asked once, by a connection that it has to refuse before it begins: one for an
 * impossible kind of session. The same question tells what else it would refuse.
 */
#include "pg/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/config_form.h"
#include "base/memory.h"

#define HOSTS_MAX  32
#define IMPOSSIBLE "target_session_attrs"

struct host
{
	char *name; /* empty: libpq's own default */
	char *port; /* empty: likewise */
	char *address;
};

static struct host hosts[HOSTS_MAX];
static int nhosts;
static bool has_names; /* at least one must be looked up */

/* ---- what libpq is told ---------------------------------------------------------------------- */

struct overrides
{
	const char *host;
	const char *address;
	const char *port;
	const char *session;
};

static PGconn *
begin(const struct sb_config *config, const struct overrides *overrides,
	  PGconn *(*connect)(const char *const *, const char *const *, int) )
{
	const char *const keys[] = {
		"host",   "port", "user",     "password", "fallback_application_name", "client_encoding",
		"dbname", "host", "hostaddr", "port",     "target_session_attrs",      NULL};
	const char *const values[] = {
		config->db_host,
		config->db_port,
		config->db_user,
		config->db_password,
		"social-bridge",
		"UTF8",
		config->database_url ? config->database_url : config->db_name,
		overrides->host, /* what stands behind dbname counts, also against DATABASE_URL */
		overrides->address,
		overrides->port,
		overrides->session,
		NULL};

	return sb_checked(connect(keys, values, 1));
}

PGconn *
sb_pg_target_wait(const struct sb_config *config)
{
	return begin(config, &(struct overrides){0}, PQconnectdbParams);
}

/* ---- reading it back ------------------------------------------------------------------------- */

/* Item number i of a list, or its only one; a copy. */
static char *
item(const char *list, int i)
{
	size_t len;

	if (list == NULL)
		return sb_checked(strdup(""));
	if (strchr(list, ',') == NULL)
		i = 0;
	for (; i > 0 && *list; i--)
	{
		list += strcspn(list, ",");
		list += *list == ',';
	}
	len = strcspn(list, ",");
	return sb_checked(strndup(list, len));
}

static int
count_items(const char *list)
{
	int count = 1;

	for (; list && *list; list++)
		count += *list == ',';
	return count;
}

static bool
is_name(const struct host *host)
{
	return *host->name && *host->name != '/' && *host->name != '@' && *host->address == '\0';
}

static const char *
option(const PQconninfoOption *options, const char *keyword)
{
	while (options->keyword && strcmp(options->keyword, keyword) != 0)
		options++;
	return options->keyword && options->val && *options->val ? options->val : NULL;
}

static void
read_hosts(const PQconninfoOption *options, struct sb_problems *problems)
{
	const char *names = option(options, "host");
	const char *addresses = option(options, "hostaddr");
	int count = count_items(names ? names : addresses);

	if (count > HOSTS_MAX)
	{
		sb_problem_error(problems, "DATABASE_URL names more than %d hosts", HOSTS_MAX);
		return;
	}
	for (nhosts = 0; nhosts < count; nhosts++)
	{
		struct host *host = &hosts[nhosts];

		/* A list of one is that one, not everybody's. */
		host->name = item(names, nhosts);
		host->address = item(addresses, nhosts);
		host->port = item(option(options, "port"), nhosts);
		has_names |= is_name(host);
		/* What stands there may be a piece of a password. */
		if (*host->port && sb_form_check(SB_FORM_PORTS, host->port))
			sb_problem_error(problems, "DATABASE_URL, or what stands in its place, must have %s",
							 sb_form_check(SB_FORM_PORTS, host->port));
	}
}

/* Whether libpq can read the text; what it says may hold the password, so nobody repeats it. */
static bool
is_connection_string(const char *text)
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);

	PQconninfoFree(options);
	return options != NULL;
}

void
sb_pg_target_init(const struct sb_config *config, struct sb_problems *problems)
{
	const char *name = config->db_name; /* libpq takes a whole connection string for a name */
	PGconn *pg;
	PQconninfoOption *options;
	const char *refusal;

	if (config->database_url && !is_connection_string(config->database_url))
	{
		sb_problem_error(problems, "DATABASE_URL is no connection string or URI");
		return;
	}
	if (!config->database_url && name && strpbrk(name, "=:") && !is_connection_string(name))
	{
		sb_problem_error(problems, "DB_NAME is neither a name nor a connection string");
		return;
	}
	pg = begin(config, &(struct overrides){.session = "impossible"}, PQconnectStartParams);
	options = PQconninfo(pg);
	refusal = PQerrorMessage(pg);
	if (strstr(refusal, IMPOSSIBLE) == NULL)
		sb_problem_error(problems, "DATABASE_URL, or what stands in its place: %.*s",
						 (int) strcspn(refusal, "\n"), refusal);
	else if (options)
		read_hosts(options, problems);
	PQconninfoFree(options);
	PQfinish(pg);
}

void
sb_pg_target_free(void)
{
	for (int i = 0; i < nhosts; i++)
	{
		free(hosts[i].name);
		free(hosts[i].address);
		free(hosts[i].port);
	}
	nhosts = 0;
	has_names = false;
}

/* ---- connecting ------------------------------------------------------------------------------ */

struct lists
{
	struct sb_buffer hosts;
	struct sb_buffer addresses;
	struct sb_buffer ports;
	int count;
};

static void
add(struct lists *lists, const struct host *host, const char *address)
{
	const char *comma = lists->count++ ? "," : "";

	sb_buffer_puts(&lists->hosts, comma);
	sb_buffer_puts(&lists->hosts, host->name);
	sb_buffer_puts(&lists->addresses, comma);
	sb_buffer_puts(&lists->addresses, address);
	sb_buffer_puts(&lists->ports, comma);
	sb_buffer_puts(&lists->ports, host->port);
}

/* Each host once for each of its addresses; one without any is left out. */
static enum sb_names_state
add_all(struct lists *lists, uint64_t since_ms)
{
	bool pending = false;

	for (int i = 0; i < nhosts; i++)
	{
		struct sb_addresses found;
		enum sb_names_state state;

		if (!is_name(&hosts[i]))
		{
			add(lists, &hosts[i], hosts[i].address);
			continue;
		}
		state = sb_names_get(hosts[i].name, since_ms, &found);
		pending |= state == SB_NAMES_PENDING;
		for (int n = 0; state == SB_NAMES_FOUND && n < found.count; n++)
			add(lists, &hosts[i], found.list[n]);
	}
	if (pending)
		return SB_NAMES_PENDING;
	return lists->count ? SB_NAMES_FOUND : SB_NAMES_UNKNOWN;
}

PGconn *
sb_pg_target_connect(const struct sb_config *config, uint64_t since_ms, enum sb_names_state *state)
{
	struct lists lists = {0};
	PGconn *pg = NULL;

	*state = SB_NAMES_FOUND;
	if (!has_names)
		return begin(config, &(struct overrides){0}, PQconnectStartParams);
	*state = add_all(&lists, since_ms);
	if (*state == SB_NAMES_FOUND)
	{
		sb_buffer_append(&lists.hosts, "", 1);
		sb_buffer_append(&lists.addresses, "", 1);
		sb_buffer_append(&lists.ports, "", 1);
		pg = begin(config,
				   &(struct overrides){.host = lists.hosts.data,
									   .address = lists.addresses.data,
									   .port = lists.ports.data},
				   PQconnectStartParams);
	}
	sb_buffer_free(&lists.hosts);
	sb_buffer_free(&lists.addresses);
	sb_buffer_free(&lists.ports);
	return pg;
}
