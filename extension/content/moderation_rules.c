/*
 * moderation_rules.c owns a session's copy of social.content_rules.
 *
 * A trigger on that table sends a relation-cache invalidation, which reaches every session before
 * it next uses the table, as a change of the table's definition would; so nobody has to look
 * whether there are rules.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "core/content_rule.h"
#include "content/moderation.h"
#include "base/table.h"
#include "content/text.h"

PG_FUNCTION_INFO_V1(social_content_rules_changed);

/* Columns of social.content_rules by number. */

struct rule
{
	int64 id;
	bool is_link;
	enum social_content_action action;
	char *pattern; /* folded */
	size_t len;
};

static MemoryContext rules_memory; /* holds the rules; NULL while they are not loaded */
static struct rule *rules;
static int nrules;
static Oid rules_table;
static bool callback_registered;

/* ---- loading --------------------------------------------------------------------------------- */

static void
forget_rules(Datum argument, Oid relation)
{
	if (relation != InvalidOid && relation != rules_table)
		return;
	nrules = 0;
	if (rules_memory != NULL)
		MemoryContextDelete(rules_memory);
	rules_memory = NULL;
}

/* AFTER a statement on content_rules: every session forgets its copy when this commits. */
Datum
social_content_rules_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a trigger")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}

bool
social_content_action_named(const char *name, enum social_content_action *action)
{
	static const char *const names[] = {"allow", "flag", "hide", "reject"};

	*action = SOCIAL_CONTENT_ALLOW;
	if (name == NULL || *name == '\0')
		return true;
	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
		{
			*action = i;
			return true;
		}
	}
	return false;
}

static text *
text_column(TupleTableSlot *slot, int column)
{
	bool isnull;

	return DatumGetTextPP(slot_getattr(slot, column, &isnull));
}

static void
add_rule(TupleTableSlot *slot, struct rule *rule)
{
	bool isnull;
	text *pattern = text_column(slot, SOCIAL_CONTENT_RULES_PATTERN);
	text *folded = social_text_fold(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern));

	rule->id = DatumGetInt64(slot_getattr(slot, SOCIAL_CONTENT_RULES_ID, &isnull));
	rule->is_link =
		strcmp(text_to_cstring(text_column(slot, SOCIAL_CONTENT_RULES_KIND)), "link") == 0;
	(void) social_content_action_named(
		text_to_cstring(text_column(slot, SOCIAL_CONTENT_RULES_ACTION)), &rule->action);
	rule->pattern = VARDATA_ANY(folded);
	rule->len = VARSIZE_ANY_EXHDR(folded);
}

/*
 * Reads the table under the newest snapshot, whatever the transaction's own is. An error leaves
 * the rules unloaded.
 */
static void
load_rules(void)
{
	MemoryContext memory;
	MemoryContext caller;
	Relation table;
	TableScanDesc scan;
	TupleTableSlot *slot;
	Snapshot snapshot;
	int room = 16;
	int count = 0;
	struct rule *loaded;

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(forget_rules, (Datum) 0);
		callback_registered = true;
	}
	memory =
		AllocSetContextCreate(CurrentMemoryContext, "social content rules", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(memory);
	loaded = palloc(room * sizeof(struct rule));
	table = social_table_open("content_rules", AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(table, NULL);
	scan = table_beginscan(table, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		if (count == room)
		{
			room *= 2;
			loaded = repalloc(loaded, room * sizeof(struct rule));
		}
		add_rule(slot, &loaded[count++]);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	rules_table = RelationGetRelid(table);
	table_close(table, AccessShareLock);
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(memory, CacheMemoryContext);
	rules = loaded;
	nrules = count;
	rules_memory = memory;
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool
rule_matches(const struct rule *rule, const text *folded)
{
	const char *bytes = VARDATA_ANY(folded);
	size_t len = VARSIZE_ANY_EXHDR(folded);

	return rule->is_link ? social_content_has_host(bytes, len, rule->pattern, rule->len)
						 : social_content_has_word(bytes, len, rule->pattern, rule->len);
}

/* Title and content as one folded text, with a line between them. */
static text *
fold_parts(const text *title, const text *content)
{
	StringInfoData joined;

	initStringInfo(&joined);
	if (title != NULL)
		appendBinaryStringInfo(&joined, VARDATA_ANY(title), VARSIZE_ANY_EXHDR(title));
	appendStringInfoChar(&joined, '\n');
	if (content != NULL)
		appendBinaryStringInfo(&joined, VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content));
	return social_text_fold(joined.data, joined.len);
}

enum social_content_action
social_content_rules_check(const text *title, const text *content, char **reason)
{
	enum social_content_action strictest = SOCIAL_CONTENT_ALLOW;
	text *folded;

	/* A pending change of the rules is taken note of here at the latest. */
	AcceptInvalidationMessages();
	if (rules_memory == NULL)
		load_rules();
	if (nrules == 0)
		return SOCIAL_CONTENT_ALLOW;
	folded = fold_parts(title, content);
	for (int i = 0; i < nrules; i++)
	{
		if (rules[i].action <= strictest || !rule_matches(&rules[i], folded))
			continue;
		strictest = rules[i].action;
		*reason = psprintf("It has the %s \"%.*s\" of rule " INT64_FORMAT ".",
						   rules[i].is_link ? "link" : "word", (int) rules[i].len, rules[i].pattern,
						   rules[i].id);
	}
	return strictest;
}
